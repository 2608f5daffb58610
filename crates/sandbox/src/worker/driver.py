# Runs one program inside the confined interpreter: {code, globals} comes over standard input, the answer goes to what
# was standard error, and standard output belongs to the program. What the program does to this file's modules is its own loss.


def main():
    import builtins, json, os, symtable, sys, types

    answer, null = os.dup(2), os.open(os.devnull, os.O_RDWR)
    # A program that opened all the files it may must not take away what its failure is explained with.
    spare = os.dup(null)
    os.dup2(null, 2)
    request = json.loads(sys.stdin.buffer.read())
    os.dup2(null, 0)
    sys.stdout.reconfigure(errors="replace")
    if len(sys.argv) > 1:
        sys.path.append(sys.argv[1])
    dumps, write, close, leave, flush = json.dumps, os.write, os.close, os._exit, sys.stdout.flush
    ignored = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)

    def send(document):
        data = dumps(document).encode()
        while data:
            data = data[write(answer, data) :]
        leave(0)

    def plain(value, depth=0):
        # Exactly what JSON and 64-bit readers can hold; anything else is a ValueError.
        if depth > 100:
            raise ValueError
        if value is None or value is True or value is False:
            return value
        if isinstance(value, int) and -(2**63) <= value < 2**64:
            return int(value)
        if isinstance(value, float) and value - value == 0:
            return float(value)
        if isinstance(value, str):
            value.encode()
            return str(value)
        if isinstance(value, (list, tuple)):
            return [plain(item, depth + 1) for item in value]
        if isinstance(value, dict) and all(isinstance(key, (str, int)) for key in value):
            return {plain(str(key)): plain(item, depth + 1) for key, item in value.items()}
        if type(value).__module__.partition(".")[0] == "numpy":
            return plain(value.tolist(), depth + 1)
        raise ValueError

    def failure(error):
        try:
            close(spare)
        except OSError:
            pass
        import traceback

        line, step = None, error.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename == "<program>":
                line = step.tb_lineno
            step = step.tb_next
        if line is None and isinstance(error, SyntaxError):
            line = error.lineno
        try:
            message = f"{type(error).__name__}: {error}"
        except Exception:
            message = type(error).__name__
        # The first frame is this file's own.
        trace = error.__traceback__ and error.__traceback__.tb_next
        text = "".join(traceback.format_exception(type(error), error, trace, limit=-20))
        return {"kind": "failed", "message": message[:2000], "line": line, "traceback": text[-16000:]}

    given = request["globals"]
    before = {name: dumps(value) for name, value in given.items()}
    scope = {"__name__": "__main__", "__builtins__": builtins}
    scope.update((name, value) for name, value in given.items() if not name.startswith("__"))
    try:
        code = compile(request["code"], "<program>", "exec", dont_inherit=True)
        symbols = symtable.symtable(request["code"], "<program>", "exec").get_symbols()
        named = {symbol.get_name() for symbol in symbols if symbol.is_assigned() and not symbol.is_imported()}
        exec(code, scope)
    except SystemExit as ended:
        if ended.code not in (None, 0):
            send({"kind": "failed", "message": f"the program left with {ended.code!r}"[:2000], "line": None, "traceback": None})
    except MemoryError:
        scope.clear()
        send({"kind": "out_of_memory"})
    except BaseException as error:
        send(failure(error))
    assigned, omitted = {}, []
    try:
        for name, value in list(scope.items()):
            if not isinstance(name, str) or name.startswith("__") or isinstance(value, ignored):
                continue
            try:
                value = plain(value)
                if name in named or name not in before or dumps(value) != before[name]:
                    assigned[name] = value
            except MemoryError:
                raise
            except Exception:
                if name in named or name not in before:
                    omitted.append(name)
        try:
            flush()
        except Exception:
            pass
        send({"kind": "done", "assigned": assigned, "omitted": sorted(omitted)})
    except MemoryError:
        scope.clear()
        assigned.clear()
        send({"kind": "out_of_memory"})


main()
