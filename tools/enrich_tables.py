#!/usr/bin/env python3
"""Writes crates/enrich/tables from the public lists that they restate in a form of their own.

    python3 tools/enrich_tables.py [--lists ../shared/data/enrich]

Needs PyYAML, `npm install` (crawler-user-agents) and `cargo fetch` (the crate ua-parser carries
uap-core's rules). The tables are checked in, so a build needs none of these. NOTICE says whose
facts they are.
"""

import argparse
import csv
import json
import pathlib
import re
import subprocess
import urllib.parse

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLES = ROOT / "crates/enrich/tables"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=pathlib.Path, default=ROOT.parent / "shared/data/enrich")
    lists = parser.parse_args().lists
    write_agent_rules(uap_core() / "regexes.yaml")
    write_robots(ROOT / "node_modules/crawler-user-agents/crawler-user-agents.json")
    write_search_engines(lists / "SearchEngines.yml")
    write_names(lists / "Socials.yml", "social_networks.tsv")
    write_names(lists / "AIAssistants.yml", "ai_assistants.tsv")
    write_source_kinds(lists / "ga4_source_categories.csv")
    write_spammers(lists / "referrer_spammers.txt")


def write_table(name, columns, rows):
    """One row a line, columns parted by tabs; lines that begin with # are for readers."""
    lines = ["# " + "\t".join(columns)]
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        assert not any("\t" in cell or "\n" in cell for cell in cells), row
        assert not cells[0].startswith("#"), row
        lines.append("\t".join(cells).rstrip("\t"))
    (TABLES / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name}: {len(rows)} rows")


def uap_core():
    command = ["cargo", "metadata", "--format-version", "1"]
    metadata = json.loads(subprocess.check_output(command, cwd=ROOT))
    crate = next(p for p in metadata["packages"] if p["name"] == "ua-parser")
    return pathlib.Path(crate["manifest_path"]).parent / "uap-core"


def write_agent_rules(path):
    rules = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    shapes = {
        "browsers.tsv": ("user_agent_parsers", ["family", "v1", "v2", "v3", "v4"], "{}_replacement"),
        "systems.tsv": ("os_parsers", ["os", "os_v1", "os_v2", "os_v3", "os_v4"], "{}_replacement"),
        "devices.tsv": ("device_parsers", ["device", "brand", "model"], "{}_replacement"),
    }
    for name, (section, replacements, key) in shapes.items():
        rows = []
        for rule in rules[section]:
            row = [rule["regex"], rule.get("regex_flag")]
            row += [rule.get(key.format(replacement)) for replacement in replacements]
            rows.append(row)
        write_table(name, ["regex", "flag", *replacements], rows)


def write_robots(path):
    rows = []
    for entry in json.loads(path.read_text(encoding="utf-8")):
        tags = entry.get("tags", [])
        kind = "monitor" if "monitoring" in tags else "robot"
        rows.append((kind, *pattern_form(entry["pattern"])))
    write_table("robots.tsv", ["kind", "how", "pattern"], sorted(set(rows)))


def pattern_form(pattern):
    """Nearly all patterns are plain text, some of it to stand at the beginning."""
    start, rest = ("starts", pattern[1:]) if pattern.startswith("^") else ("has", pattern)
    if re.fullmatch(r"(?:[^\\\[\](){}.*+?|^$]|\\[^\w\s])*", rest):
        return start, re.sub(r"\\(.)", r"\1", rest)
    return "regex", pattern


def write_search_engines(path):
    rows = []
    for name, groups in load(path).items():
        for group in groups:
            parameters, paths = [], []
            for parameter in group.get("params") or []:
                if parameter.startswith("/") and parameter.endswith("/"):
                    paths.append(parameter[1:-1].replace("\\/", "/"))
                else:
                    parameters.append(parameter)
            # One engine is listed with a blank for a parameter: it tells no keyword.
            parameters = [parameter for parameter in parameters if parameter.strip()]
            assert not any(" " in text for text in parameters + paths + group["urls"]), name
            rows.append((name, " ".join(group["urls"]), " ".join(parameters), " ".join(paths)))
    write_table("search_engines.tsv", ["name", "hosts", "parameters", "paths"], rows)


def write_names(path, table):
    rows = [(urllib.parse.unquote(name), " ".join(hosts)) for name, hosts in load(path).items()]
    write_table(table, ["name", "hosts"], rows)


def load(path):
    # The base loader leaves names such as `no` and `1.10` the texts that they are.
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def write_source_kinds(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            (row["source"].lower(), row["source_category"].removeprefix("SOURCE_CATEGORY_").lower())
            for row in csv.DictReader(file)
        ]
    write_table("source_kinds.tsv", ["source", "kind"], sorted(set(rows)))


def write_spammers(path):
    hosts = {line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines()}
    write_table("referrer_spam.tsv", ["host"], [(host,) for host in sorted(hosts - {""})])


if __name__ == "__main__":
    main()
