"""Judge checkov's reports by the waivers: judge.py WAIVERS.yml ROOT=REPORT.json [ROOT=REPORT.json ...].

ROOT is the folder that was scanned, with the modules that it calls. A finding without a waiver is printed with its
place, and so is a waiver that waives nothing. Exits 0 when nothing was printed, 1 when something was, 2 when a report
or the waivers cannot be used.
"""

import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

KEYS = {"checks", "resource", "reason"}
# The smallest root passes 83 checks. Far fewer: checkov did not read it.
FEWEST_PASSED = 50


def covers(waiver: dict[str, Any], root: str, finding: dict[str, Any]) -> bool:
    """Say whether the waiver names this check of this resource, in this root if it names one."""
    return (
        finding["check_id"] in waiver["checks"]
        and fnmatchcase(finding["resource"], waiver["resource"])
        and root.endswith(waiver.get("in", ""))
    )


def faults(reports: dict[str, Any], waivers: list[dict[str, Any]]) -> list[str]:
    """Give one line per fault: findings that nobody waived, then waivers that are not needed."""
    lines, used = [], set()
    for root, report in reports.items():
        for finding in report["results"]["failed_checks"]:
            covering = [i for i, waiver in enumerate(waivers) if covers(waiver, root, finding)]
            used.update((i, finding["check_id"]) for i in covering)
            if not covering:
                file = Path(finding["file_abs_path"]).relative_to(Path.cwd())
                place = f"{file}:{finding['file_line_range'][0]}: {finding['resource']} of {root}"
                lines.append(f"{place}: {finding['check_id']} {finding['check_name']}")
    for i, waiver in enumerate(waivers):
        unneeded = [check for check in waiver["checks"] if (i, check) not in used]
        lines.extend(f"waives nothing, take it out: {check} of {waiver['resource']}" for check in unneeded)
    return lines


def unusable(reports: dict[str, Any], waivers: list[dict[str, Any]]) -> str:
    """Say why there is no answer, or nothing."""
    for waiver in waivers:
        if not KEYS <= set(waiver) <= KEYS | {"in"}:
            return f"a waiver has checks, resource (a pattern), reason, and perhaps in: {waiver}"
    for root, report in reports.items():
        if not isinstance(report, dict) or report.get("summary", {}).get("passed", 0) < FEWEST_PASSED:
            return f"checkov did not read {root}: fewer than {FEWEST_PASSED} checks passed"
        if report["summary"]["parsing_errors"]:
            return f"checkov could not parse {report['summary']['parsing_errors']} files of {root}"
    return "" if reports else "no report"


def main() -> int:
    """Read the reports and the waivers and print what is wrong."""
    try:
        waivers = yaml.safe_load(Path(sys.argv[1]).read_text())
        given = (argument.split("=", 1) for argument in sys.argv[2:])
        reports = {root: json.loads(Path(file).read_text()) for root, file in given}
    except (OSError, ValueError, yaml.YAMLError) as error:
        sys.stderr.write(f"cannot run: {error}\n")
        return 2
    if why := unusable(reports, waivers):
        sys.stderr.write(f"cannot run: {why}\n")
        return 2
    lines = faults(reports, waivers)
    sys.stdout.writelines(line + "\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
