//! What a program gives back: the globals that it assigned, what it printed, where it failed.

use conductor_sandbox::{Error, Language};
use serde_json::{Value, json};

use super::world::{World, javascript, program, python_program, worlds};

#[tokio::test]
async fn python_gives_back_what_it_assigned() {
    let code = "
import math
from json import dumps
class Thing: pass
def helper(): return 2
same = same
changed = changed + 1
listed.append(3)
text, pair = 'grüße', (1, 2.5)
big, small, none, yes = 2 ** 63, -2 ** 63, None, True
for step in range(3): inner = step
nested = {'a': [{'b': None}], 1: 'one'}
too_big, strange, lone = 2 ** 64, Thing(), '\\ud800'
infinite, nan = math.inf, math.nan
def later():
    global from_inside
    from_inside = helper()
later()
_hidden = 1
";
    let globals =
        json!({ "same": 1, "changed": 1, "listed": [1, 2], "untouched": { "a": 1 }, "__builtins__": 5 });
    for world in worlds().await {
        let outcome = world.run(&program(Language::Python, code, globals.clone())).await.unwrap();
        let expected = json!({
            "same": 1, "changed": 2, "listed": [1, 2, 3], "text": "grüße", "pair": [1, 2.5],
            "big": 9_223_372_036_854_775_808_u64, "small": i64::MIN, "none": null, "yes": true, "step": 2, "inner": 2,
            "nested": { "a": [{ "b": null }], "1": "one" }, "from_inside": 2, "_hidden": 1,
        });
        assert_eq!(Value::Object(outcome.assigned), expected);
        assert_eq!(outcome.omitted, ["infinite", "lone", "nan", "strange", "too_big"]);
        assert_eq!(outcome.stdout, "");
    }
}

#[tokio::test]
async fn javascript_gives_back_what_it_assigned() {
    let code = "
'use strict'.length;
let total = 1;
const rate = { a: [1, null] };
var old = 'grüße';
sum = total + 1;
same = same;
changed += 1;
listed.push(3);
function helper() { let inner = 1; return inner }
if (total) { let inner = 2; globalThis.from_inside = inner }
const { left, right: [renamed] } = { left: 1, right: [2] };
const large = 10n;
let later;
Promise.resolve(5).then(value => { later = value });
console.log('text', 1, { a: 1 }, [2], undefined, null);
";
    let globals = json!({ "same": 1, "changed": 1, "listed": [1, 2], "untouched": { "a": 1 }, "__proto__": { "x": 1 } });
    for world in worlds().await {
        let outcome = world.run(&program(Language::Javascript, code, globals.clone())).await.unwrap();
        let expected = json!({
            "total": 1, "rate": { "a": [1, null] }, "old": "grüße", "sum": 2, "same": 1, "changed": 2, "listed": [1, 2, 3],
            "from_inside": 2, "left": 1, "renamed": 2, "later": 5,
        });
        assert_eq!(Value::Object(outcome.assigned), expected);
        assert_eq!(outcome.omitted, ["large"]);
        assert_eq!(outcome.stdout, "text 1 {\"a\":1} [2] undefined null\n");
    }
}

#[tokio::test]
async fn a_failure_names_its_line() {
    for world in worlds().await {
        for (program, wanted, at) in [
            (python_program("x = 1\n\nx / 0\n"), "ZeroDivisionError: division by zero", Some(3)),
            (python_program("x = (1\ny = 2"), "SyntaxError", Some(1)),
            (python_program("def f():\n    raise KeyError('a')\n\nf()"), "KeyError: 'a'", Some(2)),
            (python_program("import sys\nsys.exit(3)"), "the program left with 3", None),
            (python_program("import numpy"), "No module named 'numpy'", Some(1)),
            (python_program("input()"), "EOFError", Some(1)),
            (javascript("let x = 1;\n\nx.y.z;"), "TypeError", Some(3)),
            (javascript("let x = ;"), "SyntaxError", Some(1)),
            (javascript("function f() {\n  throw new RangeError('far')\n}\nf()"), "RangeError: far", Some(2)),
            (javascript("throw 'plain'"), "plain", None),
            (javascript("Promise.reject(new Error('unheard'))"), "unheard", None),
        ] {
            match world.run(&program).await {
                Err(Error::Failed { message, line, .. }) => {
                    assert!(message.contains(wanted), "{message} for {program:?}");
                    assert_eq!(line, at, "{message}");
                }
                other => panic!("{other:?} for {program:?}"),
            }
        }
        let error = world.run(&python_program("x = 1\nx / 0")).await.unwrap_err();
        assert_eq!(error.to_string(), "the program failed in line 2: ZeroDivisionError: division by zero");
        let Error::Failed { traceback: Some(traceback), .. } = error else { panic!("no traceback") };
        assert!(traceback.contains("File \"<program>\", line 2"), "{traceback}");
        assert!(!traceback.contains("<string>"), "the driver is no part of it: {traceback}");
    }
}

#[tokio::test]
async fn a_program_that_leaves_early_keeps_its_results() {
    for world in worlds().await {
        let outcome = world.run(&python_program("x = 1\nraise SystemExit\nx = 2")).await.unwrap();
        assert_eq!(outcome.assigned["x"], json!(1));
    }
}

#[tokio::test]
async fn the_usual_modules_work() {
    let code = "
import asyncio, collections, csv, datetime, decimal, hashlib, itertools, json, random, re, statistics, uuid, zlib
from concurrent.futures import ThreadPoolExecutor

async def double(x):
    await asyncio.sleep(0.001)
    return 2 * x

async def main():
    return await asyncio.gather(double(1), asyncio.to_thread(len, 'abc'))

doubled = asyncio.run(main())
with ThreadPoolExecutor(2) as pool: lengths = list(pool.map(len, ['a', 'bb']))
digest = hashlib.sha256(b'x').hexdigest()[:8]
mean = statistics.mean([1, 2, 3])
year = datetime.date(2026, 1, 1).year
random_enough = 0 <= random.SystemRandom().random() < 1
";
    for world in worlds().await.into_iter().filter(World::has_threads) {
        let outcome = world.run(&python_program(code)).await.unwrap();
        let expected = json!({
            "doubled": [2, 3], "lengths": [1, 2], "digest": "2d711642", "mean": 2, "year": 2026, "random_enough": true,
        });
        assert_eq!(Value::Object(outcome.assigned), expected);
        assert_eq!(outcome.omitted, ["pool"]);
    }
}

#[tokio::test]
async fn the_environment_is_empty() {
    for world in worlds().await {
        let outcome = world.run(&python_program("import os\nnames = sorted(os.environ)")).await.unwrap();
        let names: Vec<String> = serde_json::from_value(outcome.assigned["names"].clone()).unwrap();
        let known = ["LC_CTYPE", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"];
        assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    }
}

#[tokio::test]
async fn large_inputs_arrive() {
    let text = "x".repeat(5_000_000);
    for world in worlds().await {
        for (language, code) in
            [(Language::Python, "size = len(text)"), (Language::Javascript, "size = text.length")]
        {
            let program = program(language, code, json!({ "text": text }));
            assert_eq!(world.run(&program).await.unwrap().assigned["size"], json!(5_000_000));
        }
    }
}
