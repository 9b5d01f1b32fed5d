"""Provision: the same world at every start, marked as invented, refused in production; numbers nobody has."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from sandbox.config import SandboxConfig
from sandbox.juki.numbers import is_synthetic, synthetic_number
from sandbox.people import KONO, OTSUKAWA, PEOPLE, RESIDENT_COLUMNS, population, residents_csv
from sandbox.provision import PORTS, provision
from sandbox.tax.figures import figures
from workflows.linkage.wire.linter import check_digit

ROOT = Path(__file__).parents[2]


def test_a_second_provision_changes_no_key_and_no_number(tmp_path: Path) -> None:
    provision(tmp_path, "postgresql:///x")
    kept = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "permit_list.json"}
    provision(tmp_path)
    assert {p: p.read_bytes() for p in kept} == kept
    config = SandboxConfig.load(tmp_path)
    assert config.document["ports"] == PORTS
    assert config.hub_sites == ["https://127.0.0.1:8702", "https://127.0.0.1:8703"]


def test_private_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    provision(tmp_path)
    private = [*tmp_path.glob("keys/*.json"), *tmp_path.glob("tls/*.key"), *tmp_path.glob("keys/*.bin")]
    private += [tmp_path / "admin-token", tmp_path / "population.json", *tmp_path.glob("residents-*.csv")]
    private = [p for p in private if not p.name.endswith(".public.json")]
    assert len(private) > 20
    assert {oct(p.stat().st_mode & 0o777) for p in private} == {"0o600"}


def test_every_certificate_says_it_is_the_sandboxs(tmp_path: Path) -> None:
    provision(tmp_path)
    certificates = list(tmp_path.glob("tls/*.pem"))
    assert len(certificates) > 5
    for path in certificates:
        subject = x509.load_pem_x509_certificate(path.read_bytes()).subject.rfc4514_string()
        assert "O=MADOGUCHI-SANDBOX" in subject


@pytest.mark.parametrize(
    "words", [["provision"], ["serve", "hub"], ["fault", "hub", "down"], ["conformance"]]
)
def test_nothing_runs_in_production(tmp_path: Path, words: list[str]) -> None:
    environment = {**os.environ, "MADOGUCHI_MODE": "production"}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *words, "--var", str(tmp_path / "new")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "本番モード" in done.stderr
    assert not (tmp_path / "new").exists()


def test_serving_before_provisioning_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="provision"):
        SandboxConfig.load(tmp_path)


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 5))
def test_numbers_given_out_always_fail_the_official_check_digit(juki_code: str, turn: int) -> None:
    number = synthetic_number(juki_code, turn=turn)
    assert is_synthetic(number)
    assert int(number[11]) != check_digit(number[:11])


def test_the_population_is_invented_distinct_and_shared_between_the_cities() -> None:
    people = population()
    assert len(people) == len({p["number"] for p in people}) == len({p["key"] for p in people}) == len(PEOPLE)
    assert sum(len(p["tenants"]) == 2 for p in people) >= 8
    assert sum(p["protected"] for p in people) == 1
    text = "".join(p["profile"]["name"] for p in people)
    assert "𠮷" in text
    assert "\U000e0100" in text
    assert "髙" in text


def test_resident_files_are_complete_and_leave_the_reserved_person_out() -> None:
    for tenant in (KONO, OTSUKAWA):
        rows = list(csv.DictReader(io.StringIO(residents_csv(tenant))))
        assert tuple(rows[0]) == RESIDENT_COLUMNS
        assert all(is_synthetic(row["個人番号"]) for row in rows)
        assert "適合　試験" not in {row["氏名"] for row in rows}
        assert len({row["住基宛名番号"] for row in rows}) == len(rows)


def test_the_addressee_import_takes_the_resident_files() -> None:
    from workflows.addressees.csv_rows import COLUMNS

    assert RESIDENT_COLUMNS == COLUMNS


def test_the_permit_list_names_a_clause_for_every_row(tmp_path: Path) -> None:
    provision(tmp_path)
    document = json.loads((tmp_path / "permit_list.json").read_text("utf-8"))
    assert len(document["rows"]) > 20
    assert all(row["clause"] and row["valid_from"] for row in document["rows"])
    assert set(document["roles_of"]) == {"992011-01", "992020-01"}


def test_tax_figures_are_the_same_for_the_same_turn_and_change_with_the_next() -> None:
    assert figures("7001", 2026, 1) == figures("7001", 2026, 1) != figures("7001", 2026, 2)
    found = figures("7001", 2026, 1)
    assert (found["課税区分"] == "課税") == (found["市民税均等割額"] == 3000)
