"""scim2-tester against the running server: every check of the public tester for SCIM 2.0 passes, and none is skipped.

Starts the binary of CONDUCTOR_BIN on a fresh data folder, switches provisioning on as an administrator does, and lets
the tester discover what the server says of itself. A JUnit report goes to the path in SCIM_REPORT.
"""

import os
import sys
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from conductor import call, running  # noqa: E402
from httpx2 import Client  # noqa: E402
from scim2_client.engines.httpx2 import SyncSCIMClient  # noqa: E402
from scim2_tester import Status, check_server  # noqa: E402

# What a run over users, groups and the extension makes today; fewer would mean that something was not looked at.
FEWEST = 115
GOOD = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE}


def provision(base: str, session: dict) -> str:
    """The text of a token of a directory."""
    token, organization = session["access_token"], session["organization"]["id"]
    here = f"{base}/api/v1/orgs/{organization}"
    directory = call(f"{here}/directory", {"enabled": True}, token, "PATCH")
    assert directory["endpoint"] == f"{base}/scim/v2", directory
    tokens = f"{here}/service-accounts/{directory['service_account_id']}/tokens"
    return call(tokens, {"name": "tester", "scopes": ["directory.provision"]}, token)["token"]


def write_report(path: str, results: list) -> None:
    lines = []
    for result in results:
        name = quoteattr(f"{result.resource_type or '-'} {result.title}")
        failed = "" if result.status in GOOD else f"<failure message={quoteattr(str(result.reason))}/>"
        lines.append(f'<testcase classname="scim2-tester" name={name}>{failed}</testcase>')
    failures = sum(result.status not in GOOD for result in results)
    head = f'<testsuites name="scim2-tester" tests="{len(results)}" failures="{failures}" errors="0">'
    suite = f'<testsuite name="scim2-tester" tests="{len(results)}" failures="{failures}">'
    Path(path).write_text("\n".join(['<?xml version="1.0"?>', head, suite, *lines, "</testsuite></testsuites>"]))


def main() -> int:
    with running() as (base, session, _):
        headers = {"Authorization": f"Bearer {provision(base, session)}"}
        with Client(base_url=f"{base}/scim/v2", headers=headers, trust_env=False, timeout=30) as client:
            results = check_server(SyncSCIMClient(client))
    counts = Counter(result.status for result in results)
    for result in results:
        if result.status not in GOOD:
            print(f"{result.status.name} {result.resource_type or ''} {result.title}: {result.reason}")
    if report := os.environ.get("SCIM_REPORT"):
        write_report(report, results)
    passed = sum(counts[status] for status in GOOD)
    print(f"scim2-tester: {passed} of {len(results)} checks passed")
    if passed < FEWEST:
        print(f"that is fewer than {FEWEST}: something was not looked at")
        return 1
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
