"""Schema, parts and year tables: what is read comes back exactly, and nothing else is let in."""

from dataclasses import fields
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import model
from pipelines.performance import records
from pipelines.vocabulary import forms
from tests.warehouse_fixtures import DAY, VERSION, a_home, document, full_part, item, keep
from warehouse import lake, schema

RECORDS = {
    "dim_document": model.Document,
    "document_evidence": model.Evidence,
    "unit_relation": model.UnitRelation,
    "dim_statement": model.Statement,
    "fact_line_item": model.LineItem,
    "dim_cell": model.CellRole,
    "repair": model.Repair,
    "cell_reading": model.CellReading,
    "fact_claim": model.Claim,
    "ignored_number": model.IgnoredNumber,
    "text_mark": model.TextMark,
    "fact_performance_form": records.PerformanceForm,
    "performance_field": records.PerformanceField,
    "fact_performance_funding": records.PerformanceFunding,
    "fact_performance_task": records.PerformanceTask,
    "fact_performance_indicator": records.PerformanceIndicator,
    "personal_datum": records.PersonalDatum,
    "issue": model.Issue,
}


@pytest.mark.parametrize("table", RECORDS)
def test_tables_and_records_are_in_step(table):
    columns = {c.name for c in schema.tables()[table].record_columns()}
    names = {f.name for f in fields(RECORDS[table])}
    if "box" in names:  # a place on a page is kept as its page and four sides
        names = names - {"box"} | {"page", *lake.BOX_COLUMNS}
    assert columns == names


def test_every_part_table_has_a_record():
    assert set(lake.PART_TABLES) == set(RECORDS)


def test_every_column_says_what_it_is():
    for table in schema.tables().values():
        assert table.zh
        assert table.meaning
        for column in table.columns:
            assert column.zh, (table.name, column.name)
            assert column.meaning, (table.name, column.name)
            assert column.added in ("", "lake", "build")
            assert schema.polars_type(column.type)
        assert set(table.key) <= {c.name for c in table.columns}


@pytest.mark.parametrize("form", forms().values(), ids=lambda f: f.id)
def test_wide_tables_hold_the_measures_of_their_form(form):
    columns = [c.name for c in schema.wide_table(form.id).columns]
    assert columns[:5] == ["statement_id", "document_id", "unit_id", "fiscal_year", "row_seq"]
    assert [c for c in columns if c in {m.key for m in form.measures}] == [
        m.key for m in form.measures if not (form.layout == "statistic" and m.key not in columns)
    ]
    assert columns[-2:] == ["not_as_printed", "cell_locator"]


def test_an_unknown_type_is_refused():
    with pytest.raises(schema.SchemaError):
        schema.polars_type("FLOAT")


def test_only_a_place_on_a_page_and_a_confidence_are_floats():
    columns = [column for table in schema.tables().values() for column in table.columns]
    floats = {column.name for column in columns if column.type.startswith("DOUBLE")}
    assert floats == {*lake.BOX_COLUMNS, "confidence", "others_confidence"}


def test_a_part_comes_back_exactly(tmp_path):
    home = a_home(tmp_path)
    part = full_part(document("a"))
    keep(home, part)
    rows = lake.read_year(home, "fact_line_item", 2024).to_dicts()
    assert [{k: r[k] for k in r if k not in ("document_id", "fiscal_year")} for r in rows] == [
        {f.name: getattr(i, f.name) for f in fields(i)} for i in part.line_items
    ]
    assert {r["fiscal_year"] for r in rows} == {2024}
    assert lake.read_year(home, "repair", 2024).height == 0
    assert lake.read_year(home, "repair", 2024).schema == schema.tables()["repair"].polars_schema()


@pytest.mark.parametrize(
    ("place", "box", "kept"),
    [
        ("p10/t1/r4c4", (70.5, 100.0, 120.25, 114.0), (10, 70.5, 100.0, 120.25, 114.0)),
        ("L257/c3", None, (None, None, None, None, None)),
        ("s2/D9", None, (None, None, None, None, None)),
    ],
)
def test_a_cell_keeps_its_page_and_box(tmp_path, place, box, kept):
    home = a_home(tmp_path)
    doc = document("a")
    role = model.CellRole(f"{doc.document_id}/income", f"{doc.document_id}/{place}", "", "amount", None, box)
    keep(home, model.DocumentPart(doc, cells=(role,)))
    cells = lake.read_year(home, "dim_cell", 2024)
    assert cells.select("page", *lake.BOX_COLUMNS).rows() == [kept]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.none(), st.integers(-(10**19) + 1, 10**19 - 1).map(lambda fen: Decimal(fen).scaleb(-2))))
def test_any_number_of_fen_survives_a_part(tmp_path, amount):
    home = a_home(tmp_path)
    doc = document("a")
    line = item(doc, "income", 1, "本年收入合计", None, "L1/c1", amount=amount)
    lake.write_part(home, model.DocumentPart(doc, line_items=(line,)))
    lake.forget_year(home, 2024)  # by the same version of the reader a part never changes
    lake.assemble_year(home, 2024, {doc.document_id: VERSION}, at=DAY)
    assert lake.read_year(home, "fact_line_item", 2024)["amount"].to_list() == [amount]


@pytest.mark.parametrize("amount", ["1.239", "0.001", "NaN"])
def test_a_part_rounds_nothing(tmp_path, amount):
    doc = document("a")
    line = item(doc, "income", 1, "本年收入合计", None, "L1/c1", amount=Decimal(amount))
    with pytest.raises(lake.LakeError, match="decimals"):
        lake.write_part(a_home(tmp_path), model.DocumentPart(doc, line_items=(line,)))


def test_a_part_in_pieces_is_no_part(tmp_path):
    home = a_home(tmp_path)
    path = home.root / lake.write_part(home, full_part(document("a")))
    name = path.name.split(".")[0]
    assert lake.has_part(home, name, VERSION)
    assert not lake.has_part(home, name, "another-version")
    path.write_bytes(path.read_bytes()[:100])
    assert not lake.has_part(home, name, VERSION)


def test_assembling_names_a_missing_part(tmp_path):
    with pytest.raises(lake.LakeError, match="0123456789ab"):
        lake.assemble_year(a_home(tmp_path), 2024, {"0123456789ab": VERSION}, at=DAY)


def test_a_year_without_documents_loses_its_files(tmp_path):
    home = a_home(tmp_path)
    keep(home, full_part(document("a")))
    assert lake.years(home) == [2024]
    lake.assemble_year(home, 2024, {}, at=DAY)
    assert lake.years(home) == []


def test_documents_without_a_year_have_their_own_file(tmp_path):
    home = a_home(tmp_path)
    keep(home, full_part(document("a", fiscal_year=None)))
    assert lake.years(home) == [lake.NO_YEAR]
    assert lake.read_year(home, "dim_document", lake.NO_YEAR)["fiscal_year"].to_list() == [None]


def test_a_year_table_takes_no_float_and_no_other_columns(tmp_path):
    home = a_home(tmp_path)
    right = pl.DataFrame(schema=schema.tables()["fact_derived"].polars_schema())
    lake.write_year(home, "fact_derived", 2024, right)
    with pytest.raises(lake.LakeError, match="amount"):
        lake.write_year(home, "fact_derived", 2024, right.with_columns(pl.col("amount").cast(pl.Float64)))
    with pytest.raises(lake.LakeError, match="columns"):
        lake.write_year(home, "fact_derived", 2024, right.drop("rule"))


def test_assembling_twice_changes_no_byte(tmp_path):
    home = a_home(tmp_path)
    keep(home, full_part(document("a")), full_part(document("b", unit_name="乙局")))
    path = lake.year_path(home, "fact_line_item", 2024)
    before = path.read_bytes()
    ids = [document("b").document_id, document("a").document_id]
    lake.assemble_year(home, 2024, dict.fromkeys(ids, VERSION), at=DAY)
    assert path.read_bytes() == before


# --- a year from what it holds and what is new ----------------------------------------------------

IDS = {name: document(name).document_id for name in "abcd"}


def one_part(name: str, version: str):
    """A document of one line item, whose figure and issues tell by which version it was read."""
    doc = document(name, reader_version=version)
    line = item(doc, "income", 1, "本年收入合计", f"{len(version)}.00", f"L{ord(name)}/c1")
    seen = model.Issue("noted", "读取", "文件", version, "")
    return model.DocumentPart(doc, line_items=(line,), issues=(seen,) * ord(name))


@pytest.fixture(scope="module")
def with_parts(tmp_path_factory):
    """A home with the parts of four documents, each read by three versions of the reader."""
    home = a_home(tmp_path_factory.mktemp("increment"))
    for name in IDS:
        for version in ("1", "22", "333"):
            lake.write_part(home, one_part(name, version))
    return home


def tables_of(home, year=2024):
    return {table: lake.read_year(home, table, year) for table in lake.PART_TABLES}


def from_nothing(home, documents):
    lake.assemble_year(home, 2024, {}, at=DAY)
    lake.assemble_year(home, 2024, documents, at=DAY)
    return tables_of(home)


def same(found, wanted):
    return all(found[table].equals(wanted[table]) for table in lake.PART_TABLES)


wanted_documents = st.dictionaries(st.sampled_from(sorted(IDS.values())), st.sampled_from(["1", "22", "333"]))


@settings(max_examples=10, deadline=None)
@given(steps=st.lists(wanted_documents, min_size=2, max_size=3), at_once=st.sampled_from([1, 2, 200]))
def test_any_sequence_of_changes_gives_what_assembling_from_nothing_gives(with_parts, steps, at_once):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lake, "PARTS_AT_ONCE", at_once)
        for documents in steps:
            rows = lake.assemble_year(with_parts, 2024, documents, at=DAY)
            found = tables_of(with_parts)
            assert rows == {table: frame.height for table, frame in found.items()}
    assert same(found, from_nothing(with_parts, steps[-1]))
    assert lake.years(with_parts) == ([2024] if steps[-1] else [])


def test_only_parts_that_are_new_are_read(with_parts, monkeypatch):
    a, b, c, d = sorted(IDS.values())
    lake.assemble_year(with_parts, 2024, {a: "1", b: "1", c: "22"}, at=DAY)
    read, plain = [], lake.read_parts
    monkeypatch.setattr(lake, "read_parts", lambda home, ids, v: read.append((ids, v)) or plain(home, ids, v))
    lake.assemble_year(with_parts, 2024, {a: "1", c: "333", d: "22"}, at=DAY)
    assert read == [([c], "333"), ([d], "22")]
    lake.assemble_year(with_parts, 2024, {a: "1", d: "22"}, at=DAY)
    lake.assemble_year(with_parts, 2024, {a: "1", d: "22"}, at=DAY)
    assert len(read) == 2
    lake.forget_year(with_parts, 2024)
    lake.assemble_year(with_parts, 2024, {a: "1", d: "22"}, at=DAY)
    assert read[2:] == [([a], "1"), ([d], "22")]


@pytest.mark.parametrize("written", [0, 1, 9, len(lake.PART_TABLES)])
def test_a_year_of_which_the_writing_was_killed_is_not_taken_for_whole(with_parts, monkeypatch, written):
    a, b, c, _ = sorted(IDS.values())
    before, after = {a: "1", b: "1"}, {a: "1", b: "22", c: "1"}
    wanted = from_nothing(with_parts, after)
    from_nothing(with_parts, before)
    count, plain = [], lake.write_year

    def killed(*arguments):
        if len(count) == written:
            raise KeyboardInterrupt
        count.append(plain(*arguments))

    with monkeypatch.context() as patched:
        patched.setattr(lake, "write_year", killed)
        with pytest.raises(KeyboardInterrupt):
            lake.assemble_year(with_parts, 2024, after, at=DAY)
    # What the reader changed is noted before the tables are touched.
    assert lake.held(with_parts, 2024) == (before if written == 0 else {})
    assert same(lake.assemble_year(with_parts, 2024, after, at=DAY) and tables_of(with_parts), wanted)


def test_a_table_that_is_gone_or_of_another_schema_is_not_built_on(with_parts):
    a, b, *_ = sorted(IDS.values())
    wanted = from_nothing(with_parts, {a: "1", b: "1"})
    path = lake.year_path(with_parts, "issue", 2024)
    for spoil in (path.unlink, lambda: wanted["issue"].drop("advice").write_parquet(path)):
        spoil()
        lake.assemble_year(with_parts, 2024, {a: "1", b: "1"}, at=DAY)
        assert same(tables_of(with_parts), wanted)
