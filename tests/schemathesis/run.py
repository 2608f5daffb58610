"""Generated requests against the running server: no 5xx, no answer that breaks the document, no ignored sign-in.

Starts the binary of CONDUCTOR_BIN on a fresh data folder, signs in, and lets schemathesis read `/openapi.json`.
A JUnit report goes to the path in SCHEMATHESIS_REPORT.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from conductor import call, running  # noqa: E402

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "50")


def main() -> int:
    program = Path(sys.executable).with_name("schemathesis")
    with running() as (base, session, data):
        token = session["access_token"]
        # Something to read in each list.
        conversation = call(f"{base}/api/conversations", {"title": "A row to read"}, token)
        call(f"{base}/api/conversations/{conversation['id']}/messages", {"content": "Hello"}, token)
        command = [program, "--config-file", HERE / "schemathesis.toml", "run", f"{base}/openapi.json"]
        command += ["--header", f"Authorization: Bearer {token}", "--max-examples", EXAMPLES]
        command += ["--generation-deterministic", "--request-timeout", "30"]
        command += ["--continue-on-failure", "--no-color", "--suppress-health-check", "all", "--warnings", "off"]
        if report := os.environ.get("SCHEMATHESIS_REPORT"):
            command += ["--report", "junit", "--report-junit-path", report]
        return subprocess.run(command, cwd=data, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
