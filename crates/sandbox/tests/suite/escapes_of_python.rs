//! The corpus of attacks in Python: by name what is tried, the program, and how it must end.

use conductor_sandbox::Language;

use super::world::{
    End::{self, Exhausted, Fails, Harmless, HarmlessThread, OutOfMemory, TimedOut, TooMuchOutput},
    attack,
};

/// What a file that cannot be reached looks like: absent inside bubblewrap, forbidden by landlock.
const UNREACHABLE: End = Fails(&["FileNotFoundError", "PermissionError", "NotADirectoryError"]);
const FORBIDDEN: End = Fails(&["PermissionError"]);
const UNWRITABLE: End = Fails(&["FileNotFoundError", "PermissionError", "Read-only file system"]);

#[tokio::test]
async fn files_cannot_be_read() {
    let attacks: &[(&str, &str, End)] = &[
        ("/etc/passwd", "escaped = open('/etc/passwd').read()", UNREACHABLE),
        ("the environment of init", "escaped = open('/proc/1/environ').read()", UNREACHABLE),
        ("the environment of the server", "escaped = open(f'/proc/{server}/environ').read()", UNREACHABLE),
        ("its own environment", "escaped = open('/proc/self/environ').read()", UNREACHABLE),
        ("the memory of the server", "escaped = open(f'/proc/{server}/mem', 'rb').read(1)", UNREACHABLE),
        ("the root of the server", "import os\nescaped = os.listdir(f'/proc/{server}/root')", UNREACHABLE),
        ("the data folder", "import os\nescaped = os.listdir(folder)", UNREACHABLE),
        ("a file of the data folder", "escaped = open(secret).read()", UNREACHABLE),
        ("by a way around", "escaped = open('/usr/lib/../..' + secret).read()", UNREACHABLE),
        ("from the root", "import os\nos.chdir('/')\nescaped = open('..' + secret).read()", UNREACHABLE),
        (
            "as a module",
            "import sys\nsys.path.append(folder)\nimport secret",
            Fails(&["ModuleNotFoundError"]),
        ),
        (
            "by a symbolic link",
            "import os\nos.symlink(secret, '/tmp/link')\nescaped = open('/tmp/link').read()",
            UNWRITABLE,
        ),
        (
            "by a hard link",
            "import os\nos.link(secret, '/tmp/link')\nescaped = open('/tmp/link').read()",
            UNWRITABLE,
        ),
        (
            "by a link of the interpreter",
            "import os\nescaped = open('/proc/self/cwd' + secret).read()",
            UNREACHABLE,
        ),
        ("a disk", "escaped = open('/dev/sda', 'rb').read(1)", UNREACHABLE),
        ("memory", "escaped = open('/dev/mem', 'rb').read(1)", UNREACHABLE),
        ("the terminal", "escaped = open('/dev/tty').read(1)", UNREACHABLE),
    ];
    attack(Language::Python, attacks).await;
}

#[tokio::test]
async fn files_cannot_be_written() {
    let attacks: &[(&str, &str, End)] = &[
        ("temporary files", "open('/tmp/file', 'w').write('x')\nescaped = 1", UNWRITABLE),
        ("shared memory", "open('/dev/shm/file', 'w').write('x')\nescaped = 1", UNWRITABLE),
        ("the root", "open('/file', 'w').write('x')\nescaped = 1", UNWRITABLE),
        ("the working directory", "open('file', 'w').write('x')\nescaped = 1", UNWRITABLE),
        ("the data folder", "open(folder + '/file', 'w').write('x')\nescaped = 1", UNWRITABLE),
        ("over the secret", "open(secret, 'w').write('x')\nescaped = 1", UNWRITABLE),
        ("a folder", "import os\nos.mkdir('/tmp/folder')\nescaped = 1", UNWRITABLE),
        ("removal", "import os\nos.unlink(secret)\nescaped = 1", UNWRITABLE),
        ("truncation", "import os\nos.truncate(secret, 0)\nescaped = 1", UNWRITABLE),
        ("permissions", "import os\nos.chmod(secret, 0)\nescaped = 1", UNWRITABLE),
        ("times", "import os\nos.utime(secret)\nescaped = 1", UNWRITABLE),
        ("another name", "import os\nos.rename(secret, folder + '/other')\nescaped = 1", UNWRITABLE),
        (
            "the interpreter's modules",
            "open(__import__('json').__file__, 'a').write('x')\nescaped = 1",
            UNWRITABLE,
        ),
        ("a file without a name", "import os\nos.memfd_create('file')\nescaped = 1", FORBIDDEN),
        ("tempfile", "import tempfile\ntempfile.TemporaryFile()\nescaped = 1", UNWRITABLE),
        ("a pipe in the file system", "import os\nos.mkfifo('/tmp/pipe')\nescaped = 1", UNWRITABLE),
    ];
    attack(Language::Python, attacks).await;
}

#[tokio::test]
async fn the_network_cannot_be_reached() {
    let attacks: &[(&str, &str, End)] = &[
        ("TCP", "import socket\nsocket.create_connection(('127.0.0.1', 22))\nescaped = 1", FORBIDDEN),
        ("TCP over IPv6", "import socket\nsocket.socket(socket.AF_INET6)\nescaped = 1", FORBIDDEN),
        ("UDP", "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nescaped = 1", FORBIDDEN),
        ("a local socket", "import socket\nsocket.socket(socket.AF_UNIX)\nescaped = 1", FORBIDDEN),
        (
            "raw packets",
            "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nescaped = 1",
            FORBIDDEN,
        ),
        ("the kernel's messages", "import socket\nsocket.socket(socket.AF_NETLINK)\nescaped = 1", FORBIDDEN),
        ("a virtual machine's host", "import socket\nsocket.socket(40)\nescaped = 1", FORBIDDEN),
        (
            "names",
            "import socket\nsocket.getaddrinfo('example.org', 80)\nescaped = 1",
            Fails(&["gaierror", "PermissionError"]),
        ),
        (
            "a page",
            "import urllib.request as web\nweb.urlopen('http://169.254.169.254/')\nescaped = 1",
            Fails(&["URLError", "PermissionError"]),
        ),
        ("listening", "import http.server\nhttp.server.HTTPServer(('', 8000), None)\nescaped = 1", FORBIDDEN),
    ];
    attack(Language::Python, attacks).await;
}

#[tokio::test]
async fn no_process_can_be_started_or_hurt() {
    let attacks: &[(&str, &str, End)] = &[
        ("system", "import os\nif os.system('true') == 0: escaped = 1", Harmless),
        ("popen", "import os\nescaped = os.popen('id').read()", FORBIDDEN),
        ("subprocess", "import subprocess\nescaped = subprocess.check_output(['id'])", FORBIDDEN),
        ("spawn", "import os\nos.posix_spawn('/bin/sh', ['sh'], {})\nescaped = 1", UNREACHABLE),
        ("fork", "import os\nos.fork()\nescaped = 1", FORBIDDEN),
        (
            "multiprocessing",
            "import multiprocessing as m\nm.Process(target=print).start()\nescaped = 1",
            FORBIDDEN,
        ),
        ("exec of a shell", "import os\nos.execv('/bin/sh', ['sh', '-c', 'cat ' + secret])", UNREACHABLE),
        (
            "exec of itself",
            "import os, sys\nos.execv(sys.executable, ['python3', '-c', f'print(open({secret!r}).read())'])",
            Fails(&["ended its interpreter"]),
        ),
        (
            "exec of the worker",
            "import os\nos.execv('/worker', ['worker', '{}'])",
            Fails(&[
                "ended its interpreter",
                "PermissionError",
                "FileNotFoundError",
                "without its instructions",
            ]),
        ),
        ("a fork bomb", "import os\nwhile True: os.fork()", FORBIDDEN),
        (
            "a fork bomb that does not give up",
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
            TimedOut,
        ),
        (
            "a bomb of threads",
            "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,)).start()",
            Fails(&["can't start new thread"]),
        ),
        (
            "killing the server",
            "import os\nos.kill(server, 9)\nescaped = 1",
            Fails(&["PermissionError", "ProcessLookupError"]),
        ),
        ("killing the parent", "import os\nos.kill(os.getppid(), 9)\nescaped = 1", FORBIDDEN),
        ("killing everyone", "import os\nos.kill(-1, 9)\nescaped = 1", FORBIDDEN),
        ("killing the group", "import os\nos.killpg(0, 9)\nescaped = 1", FORBIDDEN),
        (
            "asking after the server",
            "import os\nos.kill(server, 0)\nescaped = 1",
            Fails(&["PermissionError", "ProcessLookupError"]),
        ),
        ("a handle of the server", "import os\nos.pidfd_open(server)\nescaped = 1", FORBIDDEN),
        (
            "signals by the back door",
            "import fcntl, os\nread, write = os.pipe()\nfcntl.fcntl(read, fcntl.F_SETOWN, server)\nescaped = 1",
            FORBIDDEN,
        ),
        (
            "priorities",
            "import os\nos.setpriority(os.PRIO_PROCESS, server, 19)\nescaped = 1",
            Fails(&["PermissionError", "ProcessLookupError"]),
        ),
        (
            "limits of the server",
            "import resource\nresource.prlimit(server, resource.RLIMIT_CPU, (1, 1))\nescaped = 1",
            Fails(&["PermissionError", "ProcessLookupError"]),
        ),
        ("a session of its own", "import os\nos.setsid()\nescaped = 1", FORBIDDEN),
        (
            "a thread that stays",
            "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()",
            HarmlessThread,
        ),
        ("a function at exit", "import atexit, time\natexit.register(time.sleep, 1000)", Harmless),
    ];
    attack(Language::Python, attacks).await;
}

#[tokio::test]
async fn the_kernel_gives_nothing_back() {
    const CALL: &str = "import ctypes\nlibc = ctypes.CDLL(None)\n";
    let calls: &[(&str, &str)] = &[
        ("socket", "libc.socket(2, 1, 0)"),
        ("open", "libc.open(secret.encode(), 0)"),
        ("become root", "libc.setuid(0)"),
        ("become root again", "libc.setresuid(0, 0, 0)"),
        ("groups", "libc.setgroups(0, None)"),
        ("another root", "libc.chroot(b'/usr')"),
        ("mount", "libc.mount(b'none', b'/', b'tmpfs', 0, None)"),
        ("unmount", "libc.umount(b'/usr')"),
        ("namespaces", "libc.unshare(0x10000000)"),
        ("a namespace of another", "libc.setns(0, 0)"),
        ("trace", "libc.ptrace(16, server, 0, 0)"),
        ("read memory", "libc.syscall(310, server, 0, 0, 0, 0, 0)"),
        ("privileges", "libc.prctl(38, 0, 0, 0, 0)"),
        ("outliving the server", "libc.prctl(1, 0, 0, 0, 0)"),
        ("becoming dumpable", "libc.prctl(4, 1, 0, 0, 0)"),
        ("a subreaper", "libc.prctl(36, 1, 0, 0, 0)"),
        ("keys", "libc.syscall(250, 0, -1, 1)"),
        ("programs in the kernel", "libc.syscall(321, 0, 0, 0)"),
        ("rings", "libc.syscall(425, 8, 0)"),
        ("page faults", "libc.syscall(323, 0)"),
        ("counters", "libc.syscall(298, 0, 0, 0, 0, 0)"),
        ("files by handle", "libc.syscall(304, 0, 0, 0)"),
        ("the newer open", "libc.syscall(437, -100, secret.encode(), 0, 0)"),
        ("the newer fork", "libc.syscall(435, 0, 0)"),
        ("the older fork", "libc.syscall(58)"),
        ("fork by its flags", "libc.syscall(56, 17, 0, 0, 0, 0)"),
        ("fork with namespaces", "libc.syscall(56, 0x10000011, 0, 0, 0, 0)"),
        ("another table of calls", "libc.syscall(0x40000000 | 41, 2, 1, 0)"),
        ("shared memory", "libc.shmget(0, 4096, 0o1600)"),
        ("a queue of messages", "libc.syscall(240, b'q', 0o102, 0o600, 0)"),
        ("typing into the terminal", "libc.ioctl(0, 0x5412, b'x')"),
        ("a message with files", "libc.sendmsg(0, None, 0)"),
    ];
    let codes: Vec<String> =
        calls.iter().map(|(_, call)| format!("{CALL}if {call} != -1: escaped = 1")).collect();
    let mut attacks: Vec<(&str, &str, End)> =
        calls.iter().zip(&codes).map(|((name, _), code)| (*name, code.as_str(), Harmless)).collect();
    if !cfg!(target_arch = "x86_64") {
        // The numbers above are this processor's.
        attacks.retain(|(_, code, _)| !code.contains("syscall("));
    }
    attacks.extend([
        ("a null pointer", "import ctypes\nctypes.string_at(0)", Fails(&["crashed with signal 11"])),
        ("abort", "import os\nos.abort()", Fails(&["crashed with signal 6"])),
        (
            "a wide limit",
            "import resource as r\nr.setrlimit(r.RLIMIT_CPU, (99, 99))\nescaped = 1",
            Fails(&["ValueError", "PermissionError"]),
        ),
        (
            "a deaf ear",
            "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nescaped = 1",
            Fails(&["OSError", "PermissionError"]),
        ),
    ]);
    attack(Language::Python, &attacks).await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_of_another_processor_end_the_program() {
    // mov eax, 20 (getpid of 32 bits); int 0x80; ret
    let code = r"
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=7)
page.write(b'\xb8\x14\x00\x00\x00\xcd\x80\xc3')
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
escaped = 1";
    attack(Language::Python, &[("32 bits", code, Fails(&["crashed with signal 31"]))]).await;
}

#[tokio::test]
async fn tricks_of_the_language_reach_no_further_than_the_process() {
    let attacks: &[(&str, &str, End)] = &[
        ("the import function", "escaped = __import__('os').popen('id').read()", FORBIDDEN),
        (
            "up and down the classes",
            "for kind in ().__class__.__bases__[0].__subclasses__():
    if kind.__name__ == '_wrap_close':
        escaped = kind.__init__.__globals__['popen']('id').read()
kind = [kind for kind in object.__subclasses__() if kind.__name__ == 'FileLoader'][0]
escaped = kind('x', secret).get_data(secret)",
            UNREACHABLE,
        ),
        (
            "the driver's frame",
            "import sys
frame = sys._getframe(1)
frame.f_locals['send']({'kind': 'done', 'assigned': {'forged': 1}, 'omitted': []})",
            Harmless,
        ),
        (
            "other builtins",
            "import builtins\nbuiltins.open = None\nescaped = eval('open')(secret)",
            Fails(&["TypeError"]),
        ),
        ("a broken driver", "import json, os\njson.dumps = os.write = os._exit = None", Harmless),
        ("no standard output", "import sys\nsys.stdout.close()", Harmless),
        ("no files at all", "import os\nos.closerange(0, 64)", Fails(&["ended its interpreter", "OSError"])),
        (
            "a forged answer",
            "import os\nos.write(3, b'{\"kind\":\"probed\",\"escapes\":[]}')\nos._exit(0)",
            Fails(&["in the place of"]),
        ),
        ("half an answer", "import os\nos.write(3, b'{\"kind\":')\nos._exit(0)", Fails(&["kind"])),
        ("no answer", "import os\nos._exit(0)", Fails(&["ended its interpreter"])),
        ("code from data", "import pickle\npickle.loads(b\"cos\\nsystem\\n(S'id'\\ntR.\")", Harmless),
    ];
    attack(Language::Python, attacks).await;
}

#[tokio::test]
async fn nothing_can_be_used_up() {
    let attacks: &[(&str, &str, End)] = &[
        ("an endless loop", "while True: pass", TimedOut),
        (
            "one that catches everything",
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            TimedOut,
        ),
        (
            "one that hears no signals",
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
            TimedOut,
        ),
        ("a pattern without end", "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')", TimedOut),
        ("a huge integer", "x = 10 ** 10 ** 10", Exhausted),
        ("the text of a huge integer", "x = 3 ** (2 ** 20)\nescaped = len(str(x))", Fails(&["ValueError"])),
        ("growing lists", "x = []\nwhile True: x.append('x' * 1000000)", OutOfMemory),
        ("one large text", "x = 'x' * 10 ** 12", OutOfMemory),
        ("large memory at once", "x = bytearray(512 * 1024 * 1024)", OutOfMemory),
        (
            "mapped memory",
            "import mmap\nx = [mmap.mmap(-1, 100_000_000) for _ in range(100)]",
            Fails(&["Cannot allocate memory"]),
        ),
        ("deep recursion", "def f(): f()\nf()", Fails(&["RecursionError"])),
        (
            "deeper recursion",
            "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f()\nf()",
            Exhausted,
        ),
        (
            "recursion of C",
            "x = []\nfor _ in range(10 ** 5): x = [x]\nimport sys\nsys.setrecursionlimit(10 ** 9)\nrepr(x)",
            Fails(&["crashed with signal", "RecursionError"]),
        ),
        ("endless output", "while True: print('x' * 1000)", TooMuchOutput),
        ("endless output past Python", "import os\nwhile True: os.write(1, b'x' * 1000)", TooMuchOutput),
        ("an endless answer", "import os\nwhile True: os.write(3, b'x' * 1000)", TooMuchOutput),
        ("large results", "x = 'x' * 10_000_000", TooMuchOutput),
        ("a circle", "x = []\nx.append(x)\ny = 1", Harmless),
        (
            "endless files",
            "import os\nx = []\nwhile True: x.append(os.dup(0))",
            Fails(&["Too many open files"]),
        ),
        (
            "endless pipes",
            "import os\nx = []\nwhile True: x.append(os.pipe())",
            Fails(&["Too many open files"]),
        ),
    ];
    attack(Language::Python, attacks).await;
}
