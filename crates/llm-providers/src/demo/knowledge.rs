//! What the demo knows: Conductor, in short answers written in advance and found by their words.

use crate::demo::text;

/// Found in a conversation where the notice has been given.
pub(super) const NOTICE_MARK: &str = "Conductor's built-in demo model";

/// Given once in a conversation.
pub(super) const NOTICE: &str = "---\n\n*I am Conductor's built-in demo model: I run offline, my answers are written in \
advance, and I do not understand language. For real answers add a provider's key under \
[Settings → Keys](/settings/keys) and choose a model.*\n";

/// An answer and the words that ask for it; several words together count for more.
struct Entry {
    asked_by: &'static [&'static str],
    answer: &'static str,
}

/// Earlier entries win a draw; the product's name, which may stand in any question, comes last.
const ENTRIES: &[Entry] = &[
    Entry {
        asked_by: &[
            "hello",
            "hi",
            "hey",
            "good morning",
            "who are you",
            "what are you",
            "what can you do",
            "help me",
            "demo",
        ],
        answer: "Hello! I am a small demo that stands in until a real model is connected. Try one of these:\n\n\
- **Ask about Conductor**: *What is Conductor? How do I add a key? What are approvals?*\n\
- **Use a tool**, if the agent has one: `use echo with {\"message\": \"hi\"}` or `call get-sum with a=2 b=3`\n\
- **Make an artifact**: *make an HTML page about tea*, *draw an SVG*, *build a React component*, *draw a diagram*, \
*write a document*, *write code in Python*\n\
- **Watch a stream**: *count to 50* or *write 300 tokens*, and press Stop on the way\n\
- **See reasoning**: *think about it*\n",
    },
    Entry {
        asked_by: &[
            "key",
            "api key",
            "add a key",
            "provider",
            "openai",
            "anthropic",
            "azure",
            "groq",
            "ollama",
            "vllm",
            "lm studio",
            "model",
            "real model",
            "claude",
            "gpt",
            "connect a model",
            "choose a model",
        ],
        answer: "To talk to a real model, Conductor needs a provider:\n\n\
1. Open [Settings → Keys](/settings/keys) and add a key of **OpenAI**, **Azure OpenAI** or **Anthropic**. An \
**OpenAI-compatible** server such as Groq, Ollama, vLLM or LM Studio needs its address, and a key only if it asks for one.\n\
2. Choose a model in the selector under the message box, or in the agent's own settings.\n\n\
Keys are stored encrypted and are never shown again; only their last four characters are. An operator can also give \
the whole installation a key in the server's environment. A model that no configured provider offers is replaced by \
the default one, and the run says so.\n",
    },
    Entry {
        asked_by: &[
            "mcp",
            "mcp server",
            "server",
            "connect a server",
            "add a server",
            "tool",
            "model context protocol",
            "connector",
            "add a tool",
        ],
        answer: "Tools come from **MCP servers** (Model Context Protocol). To connect one:\n\n\
1. Open [Servers](/servers) and choose *Add*. Give an address for streamable HTTP or SSE; a local command works only \
where the operator has switched it on, and an administrator has to confirm each exact command line.\n\
2. *Test* the connection; Conductor lists the tools, resources and prompts it finds.\n\
3. Add the server to an agent, with all of its tools or some.\n\n\
A tool whose definition changes later is set aside until someone has looked at the difference.\n",
    },
    Entry {
        asked_by: &["agent", "create an agent", "new agent", "system prompt", "instructions", "library"],
        answer: "An **agent** is a name, instructions, a model with its settings, and the tools it may use. \
The [library](/library/agents) has those that come with Conductor and your own; \
[create one](/library/agents/new), or clone one and change it. Every change is a version to which you can go back. \
In a conversation you choose the agent next to the message box, and can change it on the way.\n",
    },
    Entry {
        asked_by: &["artifact", "html page", "svg", "react component", "mermaid", "versions", "panel"],
        answer: "**Artifacts** are what an agent makes for keeping: source code, HTML pages, SVG images, React components, \
Mermaid diagrams and documents. They open beside the conversation while they are being written, run in a sealed frame \
that reaches neither your session nor the network, and keep every version. Ask me for one: *make an HTML page about \
tea*, then *change the page*.\n",
    },
    Entry {
        asked_by: &[
            "approval",
            "approve",
            "permission",
            "allow",
            "deny",
            "inbox",
            "ask before",
            "policy",
            "rule",
            "allowed",
            "human",
        ],
        answer: "Before a tool runs, Conductor decides on the whole chain: who asks, through which agent, which tool, with \
which arguments. A rule can allow, deny, or ask for an **approval**. Then the run waits, and the call is shown with \
its exact arguments in the conversation and in the [inbox](/inbox). You can allow it once, for this conversation, or \
always, or deny it; after the wait the rules are asked again. A refused call is told to the model, and the \
conversation goes on.\n",
    },
    Entry {
        asked_by: &[
            "run",
            "event",
            "history",
            "recorded",
            "stop",
            "cancel",
            "resume",
            "restart",
            "reload",
            "close the tab",
            "crash",
            "timeline",
            "log",
            "audit",
        ],
        answer: "Every turn is a **run** of the server's, not of your browser's: close the tab and it goes on, reload and the \
stream continues where it was. *Stop* ends it within a second, and what was written stays. Each run keeps its events \
in order: the model's text and thinking, each tool call with the decision on it, approvals, tokens and cost. A run \
that a crash cuts off is marked as interrupted, keeps its text and can be tried again.\n",
    },
    Entry {
        asked_by: &[
            "edit",
            "regenerate",
            "branch",
            "retry",
            "delete",
            "message",
            "conversation",
            "pin",
            "attach",
            "upload",
            "image",
            "file",
        ],
        answer: "In a **conversation** you can edit a message and send it again, regenerate an answer, and switch between the \
branches that result; nothing is overwritten. Conversations can be pinned, archived, duplicated, and branched into \
new ones. Pictures and files can be attached; a model with vision reads the pictures.\n",
    },
    Entry {
        asked_by: &[
            "private",
            "privacy",
            "security",
            "secure",
            "data",
            "secret",
            "encrypted",
            "offline",
            "safe",
            "self hosted",
        ],
        answer: "Conductor runs on your own machine or network. Data leaves it only towards the model providers and servers \
you connect. Keys and secrets are stored encrypted, with the encrypting key outside the database, and are kept out of \
logs. Requests to other systems go through one guarded client, which refuses private addresses unless the operator \
allows them. And I, the demo, send nothing anywhere.\n",
    },
    Entry {
        asked_by: &[
            "invite",
            "member",
            "organisation",
            "organization",
            "team",
            "user",
            "role",
            "admin",
            "environment",
        ],
        answer: "People belong to **organisations**. Set-up makes one for your team, and each person has one of their own \
besides. Under [Settings → Members](/settings/members) an administrator invites people and gives them a role; the \
role says what they may see and do. Each organisation has environments, such as development and production, that keep \
their agents and connections apart.\n",
    },
    Entry {
        asked_by: &["thank", "thank you", "thanks", "great", "bye", "goodbye", "ok"],
        answer: "You are welcome. Ask me about Conductor, name a tool for me to call, or ask for an artifact.\n",
    },
    Entry {
        asked_by: &["what is conductor", "about conductor", "conductor", "explain conductor", "platform"],
        answer: "**Conductor** is a self-hosted server where people talk to AI agents, and where agents use tools under \
rules that can be read.\n\n\
- You chat with **agents**; each has instructions, a model and tools of its own.\n\
- Tools come from **MCP servers** and other systems; every call goes through one path that checks limits, arguments, \
policy and, where asked, a person's **approval**.\n\
- Whatever happens is a recorded **run**: it goes on when you close the tab, and can be watched again, step by step.\n\
- Pages, drawings, components and documents that an agent makes are **artifacts** with versions.\n",
    },
];

const UNKNOWN: &str = "I have no answer to that: I am a demo and only know a little about Conductor itself. I can tell you \
**what Conductor is**, how to **add a key**, connect **MCP servers**, create **agents**, and what **artifacts**, \
**approvals** and **runs** are. I can also call a tool you name, or make an artifact: *make an HTML page about tea*.\n";

/// The answer that shares the most with what was asked.
pub(super) fn answer(words: &[String]) -> String {
    let mut best: Option<(usize, &Entry)> = None;
    for entry in ENTRIES {
        let phrases = entry.asked_by.iter().filter(|phrase| text::has(words, phrase));
        let score: usize = phrases.map(|phrase| phrase.split(' ').count() * 2 - 1).sum();
        if score > best.map_or(0, |(most, _)| most) {
            best = Some((score, entry));
        }
    }
    let answer = best.map_or(UNKNOWN, |(_, entry)| entry.answer);
    format!("{answer}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(question: &str, beginning: &str) {
        let answer = answer(&text::words(question));
        assert!(answer.contains(beginning), "{question}: {answer}");
    }

    #[test]
    fn questions_find_their_answer() {
        check("Hello!", "Hello!");
        check("What is Conductor?", "**Conductor** is a self-hosted server");
        check("How do I add an API key?", "needs a provider");
        check("How can I use Claude in Conductor?", "needs a provider");
        check("how do i connect an MCP server", "Tools come from **MCP servers**");
        check("How do I create agents?", "An **agent** is");
        check("what are artifacts", "**Artifacts** are");
        check("How do approvals work?", "ask for an **approval**");
        check("What happens when I close the tab?", "close the tab and it goes on");
        check("Is my data safe?", "runs on your own machine");
        check("Who won the world cup in 1954?", "I have no answer to that");
        check("", "I have no answer to that");
    }
}
