//! The corpus of attacks in JavaScript.

use conductor_sandbox::Language;

use super::world::{
    End::{self, Exhausted, Fails, Harmless, OutOfMemory, TimedOut, TooMuchOutput},
    attack,
};

const UNKNOWN: End = Fails(&["ReferenceError", "TypeError", "SyntaxError"]);

#[tokio::test]
async fn there_is_no_host_to_reach() {
    let attacks: &[(&str, &str, End)] = &[
        ("the process", "escaped = process.env", UNKNOWN),
        ("require", "escaped = require('fs').readFileSync(secret)", UNKNOWN),
        ("a module", "import fs from 'fs'", UNKNOWN),
        ("a module later", "import('fs').then(() => { escaped = 1 })", Fails(&["rejected"])),
        ("a module of a file", "import(secret).then(() => { escaped = 1 })", Fails(&["rejected"])),
        ("the engine's own modules", "escaped = std.open(secret)", UNKNOWN),
        ("the engine's own system", "escaped = os.exec(['id'])", UNKNOWN),
        ("the network", "escaped = fetch('http://127.0.0.1/')", UNKNOWN),
        ("a socket", "escaped = new WebSocket('ws://127.0.0.1/')", UNKNOWN),
        ("timers", "escaped = setTimeout(() => 1, 1)", UNKNOWN),
        (
            "the constructor's constructor",
            "escaped = console.log.constructor.constructor('return process')()",
            UNKNOWN,
        ),
        ("this of a function", "escaped = (function () { return this })().process.env", UNKNOWN),
        ("the engine's print", "escaped = print(load(secret))", UNKNOWN),
        ("a worker", "escaped = new Worker(secret)", UNKNOWN),
        ("code of another kind", "escaped = new WebAssembly.Module()", UNKNOWN),
        (
            "the only host object",
            "escaped = Object.getOwnPropertyNames(console).filter(n => n !== 'log').length || undefined",
            Harmless,
        ),
        ("an error's stack", "try { null.x } catch (e) { if (e.stack.includes('/')) escaped = 1 }", Harmless),
        (
            "callers",
            "Error.prepareStackTrace = (e, s) => s; escaped = new Error().stack[0].getThis().process",
            UNKNOWN,
        ),
    ];
    attack(Language::Javascript, attacks).await;
}

#[tokio::test]
async fn what_it_pollutes_is_its_own() {
    let attacks: &[(&str, &str, End)] = &[
        (
            "the prototype of everything",
            "Object.prototype.kind = 'probed'; Object.prototype.toJSON = () => 'x'",
            Harmless,
        ),
        (
            "numbers as text",
            "Array.prototype.toString = String.prototype.split = null; JSON.stringify = null",
            Harmless,
        ),
        ("no console", "delete globalThis.console; console = null", Harmless),
        (
            "a global object that lies",
            "Object.defineProperty(globalThis, 'x', { get() { throw 1 }, enumerable: true })",
            Harmless,
        ),
        ("a frozen global object", "Object.freeze(globalThis)", Harmless),
        (
            "a text that is none",
            "console.log({ toString() { throw new Error('no') }, toJSON() { return undefined } })",
            Fails(&["Error: no"]),
        ),
        (
            "an error that lies",
            "throw { get message() { throw 1 }, toString() { throw 2 } }",
            Fails(&["threw a value"]),
        ),
        (
            "an error without text",
            "throw Object.assign(new Error(), { message: { toString() { throw 1 } }, name: {} })",
            Fails(&["Error"]),
        ),
        ("a symbol", "throw Symbol('x')", Fails(&["threw a value"])),
        ("half a character", "const half = '\\ud800'; const whole = 1", Harmless),
        ("a proxy", "p = new Proxy({}, { ownKeys() { throw 1 }, get() { throw 2 } })", Harmless),
        (
            "a rejection that rejects",
            "Promise.reject({ toString() { Promise.reject(1); return 'x' } })",
            Fails(&["nobody heard"]),
        ),
        ("a circle", "a = {}; a.a = a; b = 1", Harmless),
    ];
    attack(Language::Javascript, attacks).await;
}

#[tokio::test]
async fn nothing_can_be_used_up() {
    let attacks: &[(&str, &str, End)] = &[
        ("an endless loop", "while (true) {}", TimedOut),
        ("one that catches everything", "for (;;) { try { for (;;) {} } catch (e) {} }", TimedOut),
        ("promises without end", "const next = () => Promise.resolve().then(next); next()", Exhausted),
        (
            "promises that multiply",
            "const next = () => { Promise.resolve().then(next); Promise.resolve().then(next) }; next()",
            Exhausted,
        ),
        ("an endless generator", "const all = [...(function* () { for (;;) yield 1 })()]", Exhausted),
        ("an endless getter", "Object.defineProperty(globalThis, 'x', { get() { for (;;) {} } })", TimedOut),
        ("an endless result", "x = { toJSON() { for (;;) {} } }", TimedOut),
        ("a pattern without end", "/(a+)+$/.test('a'.repeat(64) + 'b')", TimedOut),
        ("huge arrays", "const x = []; for (;;) x.push(new Array(100000).fill(1))", OutOfMemory),
        (
            "huge text",
            "let x = 'x'; for (;;) x += x + 'y'",
            Fails(&["string too long", "invalid string length", "InternalError", "RangeError"]),
        ),
        (
            "many large texts",
            "const x = []; for (let i = 0;; i++) x.push('x'.repeat(1000000) + i)",
            Exhausted,
        ),
        ("a huge buffer", "const x = new Uint8Array(2 ** 30); x.fill(1)", OutOfMemory),
        ("a huge integer", "const x = 10n ** 10n ** 9n", Fails(&["RangeError", "BigInt"])),
        ("deep recursion", "function f() { return 1 + f() } f()", Fails(&["stack"])),
        ("deep data", "let x = []; for (let i = 0; i < 1e6; i++) x = [x]", Harmless),
        ("data as deep as a reader bears", "let x = []; for (let i = 0; i < 125; i++) x = [x]", Harmless),
        ("endless output", "for (;;) console.log('x'.repeat(1000))", TooMuchOutput),
        ("large results", "const x = 'x'.repeat(10000000)", TooMuchOutput),
        ("many names", "for (let i = 0; ; i++) globalThis['n' + i] = i", Exhausted),
        ("a nest of brackets", "eval('['.repeat(1000000))", Fails(&["SyntaxError", "stack"])),
    ];
    attack(Language::Javascript, attacks).await;
}
