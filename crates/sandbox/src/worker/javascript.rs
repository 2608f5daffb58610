//! JavaScript: an engine without files, network or timers, of which a program sees `console.log` and its globals.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    io::{Read, Write},
    rc::Rc,
    time::Duration,
};

use nix::time::{ClockId, clock_gettime};
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Function, Object, Runtime, Value, context::EvalOptions,
    function::Rest, object::Property,
};
use serde_json::Map;

use crate::{answer::Answer, jail::Input};

/// The deepest that calls go, in bytes of the stack.
const STACK_BYTES: usize = 1024 * 1024;
/// What the engine throws when there is no memory left even for an error; no program throws it for another reason.
const EXHAUSTED: &str = "null";
/// The deepest that a result is nested; whoever reads the answer stops at 128.
const DEPTH: u8 = 100;
/// What the program is called in the engine's messages.
const NAME: &str = "program";

/// Runs the program that stands in the standard input.
pub(super) fn run(memory_bytes: u64, cpu_seconds: u64) -> Answer {
    let mut text = Vec::new();
    let input = std::io::stdin().lock().read_to_end(&mut text).ok();
    let Some(input) = input.and_then(|_| serde_json::from_slice::<Input>(&text).ok()) else {
        return failed("the program did not arrive");
    };
    drop(text);
    let clock = Clock::new(cpu_seconds);
    let engine = || -> rquickjs::Result<(Runtime, Context)> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(usize::try_from(memory_bytes).unwrap_or(usize::MAX));
        runtime.set_max_stack_size(STACK_BYTES);
        runtime.set_interrupt_handler(Some(Box::new(move || clock.late())));
        let context = Context::full(&runtime)?;
        Ok((runtime, context))
    };
    let Ok((runtime, context)) = engine() else { return Answer::OutOfMemory };
    let rejections = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&rejections);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(move |_, _, reason, handled| {
        // First of all, since it may run code of the program that rejects another promise.
        let text = shown_reason(&reason);
        let mut rejections = heard.borrow_mut();
        if handled {
            rejections.pop();
        } else if rejections.len() < 100 {
            rejections.push(text);
        }
    })));
    context.with(|ctx| program(&ctx, &rejections, &input, clock).unwrap_or_else(|answer| answer))
}

/// The processor time that this process has used, by which the engine is interrupted; the kernel's own limit follows.
#[derive(Clone, Copy)]
struct Clock {
    most: Duration,
}

impl Clock {
    fn new(cpu_seconds: u64) -> Self {
        Self { most: Duration::from_secs(cpu_seconds) }
    }

    fn late(self) -> bool {
        // Without a clock there would be no end.
        clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
            .map_or(true, |used| Duration::from(used) >= self.most)
    }
}

fn program(
    ctx: &Ctx<'_>,
    rejections: &RefCell<Vec<String>>,
    input: &Input,
    clock: Clock,
) -> Result<Answer, Answer> {
    let fault = |error: CaughtError<'_>| fault(&error, clock.late());
    console(ctx).catch(ctx).map_err(fault)?;
    let globals = ctx.globals();
    for (name, value) in &input.globals {
        // Defined rather than assigned, so that `__proto__` is a name like every other.
        ctx.json_parse(value.to_string())
            .and_then(|value| {
                globals.prop(name.as_str(), Property::from(value).writable().configurable().enumerable())
            })
            .catch(ctx)
            .map_err(fault)?;
    }
    let known: BTreeSet<String> = names(&globals).catch(ctx).map_err(fault)?;
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(NAME.to_owned());
    ctx.eval_with_options::<Value<'_>, _>(input.code.as_str(), options).catch(ctx).map_err(fault)?;
    while ctx.execute_pending_job() {
        if clock.late() {
            return Err(Answer::TimedOut);
        }
    }
    match rejections.borrow().first() {
        Some(reason) if reason == EXHAUSTED => return Err(Answer::OutOfMemory),
        Some(reason) => return Err(failed(&format!("a promise was rejected and nobody heard: {reason}"))),
        None => {}
    }
    let (mut assigned, mut omitted) = (Map::new(), Vec::new());
    let declared = words(&input.code);
    let candidates =
        names(&globals).catch(ctx).map_err(fault)?.into_iter().chain(declared.map(str::to_owned));
    for name in candidates.filter(|name| identifier(name)).collect::<BTreeSet<_>>() {
        // A name at the outermost level, `let` and `const` included, which are no properties of the global object.
        let Ok(value) = ctx.eval::<Value<'_>, _>(name.as_str()) else {
            // A keyword, a name of an inner level, one that was never reached.
            let _ = ctx.catch();
            continue;
        };
        let before = input.globals.get(&name);
        if value.is_function() || value.is_undefined() || (known.contains(&name) && before.is_none()) {
            continue;
        }
        let json = ctx.json_stringify(value).ok().flatten().and_then(|json| json.to_string().ok());
        let Some(value) = json
            .and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok())
            .filter(|value| shallow(value, DEPTH))
        else {
            let _ = ctx.catch();
            omitted.push(name);
            continue;
        };
        if before != Some(&value) || assigns(&input.code, &name) {
            assigned.insert(name, value);
        }
    }
    // Reading what it left can run code of the program too, whose failures were passed over.
    if clock.late() {
        return Err(Answer::TimedOut);
    }
    Ok(Answer::Done { assigned, omitted })
}

fn console(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    let console = Object::new(ctx.clone())?;
    console.set("log", Function::new(ctx.clone(), log)?)?;
    ctx.globals().set("console", console)
}

fn log<'js>(ctx: Ctx<'js>, values: Rest<Value<'js>>) -> rquickjs::Result<()> {
    let mut line = String::new();
    for value in values.0 {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&shown(&ctx, value)?);
    }
    line.push('\n');
    // Nobody reads any more once the output is too large; then the process is about to end.
    let _ = std::io::stdout().write_all(line.as_bytes());
    Ok(())
}

/// A value as a person reads it: text as it is, objects as JSON.
fn shown<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> rquickjs::Result<String> {
    if value.is_object()
        && !value.is_function()
        && !value.is_error()
        && let Some(json) = ctx.json_stringify(value.clone())?
    {
        return json.to_string();
    }
    Ok(value.get::<rquickjs::Coerced<String>>()?.0)
}

fn names(globals: &Object<'_>) -> rquickjs::Result<BTreeSet<String>> {
    globals.own_keys::<String>(rquickjs::object::Filter::new().string()).collect()
}

/// Everything in the text that could be a name.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter| !part_of_name(letter))
}

fn part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

/// Whether a text can be the name of a variable; most keywords are no expressions and fall out by themselves.
fn identifier(name: &str) -> bool {
    name.chars().all(part_of_name)
        && name.starts_with(|first: char| !first.is_numeric())
        && !matches!(name, "false" | "null" | "this" | "true")
}

fn shallow(value: &serde_json::Value, left: u8) -> bool {
    let Some(left) = left.checked_sub(1) else { return false };
    match value {
        serde_json::Value::Array(items) => items.iter().all(|item| shallow(item, left)),
        serde_json::Value::Object(fields) => fields.values().all(|item| shallow(item, left)),
        _ => true,
    }
}

/// Whether a line assigns the name at the outermost level: a global that keeps its value was assigned all the same.
fn assigns(code: &str, name: &str) -> bool {
    code.lines().any(|line| {
        let line =
            ["let ", "const ", "var "].iter().find_map(|keyword| line.strip_prefix(keyword)).unwrap_or(line);
        line.strip_prefix(name)
            .map(|rest| rest.trim_start().trim_start_matches(['+', '-', '*', '/', '%']))
            .is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
    })
}

/// What was thrown, where it is no error.
fn shown_reason(value: &Value<'_>) -> String {
    value
        .get::<rquickjs::Coerced<String>>()
        .map_or_else(|_| "the program threw a value that has no text".to_owned(), |text| text.0)
}

fn failed(message: &str) -> Answer {
    Answer::Failed { message: message.to_owned(), line: None, traceback: None }
}

fn fault(error: &CaughtError<'_>, late: bool) -> Answer {
    let (message, stack) = match error {
        CaughtError::Exception(exception) => {
            let name = exception.as_object().get::<_, String>("name").unwrap_or_else(|_| "Error".to_owned());
            (format!("{name}: {}", exception.message().unwrap_or_default()), exception.stack())
        }
        CaughtError::Value(value) => (shown_reason(value), None),
        CaughtError::Error(error) => (error.to_string(), None),
    };
    if late {
        return Answer::TimedOut;
    }
    if message == "InternalError: out of memory"
        || message == EXHAUSTED
        || matches!(error, CaughtError::Error(rquickjs::Error::Allocation))
    {
        return Answer::OutOfMemory;
    }
    let line = stack.as_deref().and_then(|stack| {
        let (_, rest) = stack.split_once(&format!("{NAME}:"))?;
        rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
    });
    let cut = |text: String, most: usize| text.chars().take(most).collect::<String>();
    Answer::Failed { message: cut(message, 2_000), line, traceback: stack.map(|stack| cut(stack, 16_000)) }
}
