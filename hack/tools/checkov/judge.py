"""Judge checkov's report by the waivers: judge.py WAIVERS.yml < REPORT.json.

A finding without a waiver is printed with its place, and so is a waiver that waives nothing any more. Exits 0 when
nothing was printed, 1 when something was, 2 when the report or the waivers cannot be used.
"""

import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

KEYS = {"checks", "resource", "reason"}
# The code passes some hundreds of checks. Far fewer: checkov did not read it.
FEWEST_PASSED = 300


def covers(waiver: dict[str, Any], finding: dict[str, Any]) -> bool:
    """Say whether the waiver names this check of this resource, called from the root that it names, if it names one."""
    place = finding.get("caller_file_path") or finding["file_path"]
    return (
        finding["check_id"] in waiver["checks"]
        and fnmatchcase(finding["resource"], waiver["resource"])
        and place.startswith("/" + waiver.get("in", ""))
    )


def faults(report: dict[str, Any], waivers: list[dict[str, Any]]) -> list[str]:
    """Give one line per fault: findings that nobody waived, then waivers that are not needed."""
    lines, used = [], set()
    for finding in report["results"]["failed_checks"]:
        covering = [i for i, waiver in enumerate(waivers) if covers(waiver, finding)]
        used.update((i, finding["check_id"]) for i in covering)
        if not covering:
            place = f"terraform{finding['file_path']}:{finding['file_line_range'][0]}: {finding['resource']}"
            lines.append(f"{place}: {finding['check_id']} {finding['check_name']}")
    for i, waiver in enumerate(waivers):
        unneeded = [check for check in waiver["checks"] if (i, check) not in used]
        lines.extend(
            f"the waiver of {check} for {waiver['resource']} waives nothing: take it out" for check in unneeded
        )
    return lines


def unusable(report: Any, waivers: list[dict[str, Any]]) -> str:
    """Say why there is no answer, or nothing."""
    for waiver in waivers:
        if not KEYS <= set(waiver) <= KEYS | {"in"}:
            return f"a waiver has checks, resource (a pattern), reason, and perhaps in: {waiver}"
    if not isinstance(report, dict) or report.get("summary", {}).get("passed", 0) < FEWEST_PASSED:
        return f"checkov did not read the code: fewer than {FEWEST_PASSED} checks passed"
    if report["summary"]["parsing_errors"]:
        return f"checkov could not parse {report['summary']['parsing_errors']} files"
    return ""


def main() -> int:
    """Read the report and the waivers and print what is wrong."""
    try:
        waivers = yaml.safe_load(Path(sys.argv[1]).read_text())
        report = json.load(sys.stdin)
    except (OSError, ValueError, yaml.YAMLError) as error:
        sys.stderr.write(f"cannot run: {error}\n")
        return 2
    if why := unusable(report, waivers):
        sys.stderr.write(f"cannot run: {why}\n")
        return 2
    lines = faults(report, waivers)
    sys.stdout.writelines(line + "\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
