"""The dictionary: what the files say is what the database and the page say."""

from __future__ import annotations

from warehouse import catalogue, schema
from warehouse.dictionary import PAGE, described, empty_warehouse, functions, page


def test_the_page_is_as_the_files_say():
    assert PAGE.read_text("utf-8") == page(), "python -m warehouse.dictionary renews it"


def test_it_has_every_view_and_table_with_every_column_and_hazard():
    with empty_warehouse() as connection:
        found = {relation.name: relation for relation in described(connection)}
    assert set(found) == {view.name for view in catalogue.views()} | set(schema.tables())
    for table in schema.tables().values():
        told = found[table.name]
        assert (told.zh, told.meaning, told.hazard) == (table.zh, table.meaning, table.hazard)
        assert [(c.name, c.type, c.meaning) for c in told.columns] == [
            (c.name, c.type, c.comment) for c in table.columns
        ]
    for name, said in schema.load_yaml("views.yml")["views"].items():
        assert (found[name].meaning, found[name].hazard) == (said["meaning"], said.get("hazard", ""))
        # Nothing is said of a view that the dictionary does not show.
        assert set(said) <= {"meaning", "hazard", "columns"}
        meanings = {column.name: column.meaning for column in found[name].columns}
        if found[name].for_analysts:
            assert meanings == said["columns"]
    assert all(column.meaning for relation in found.values() for column in relation.columns)


def test_it_has_every_function_with_what_it_is_called_with():
    with empty_warehouse() as connection:
        found = functions(connection)
    assert "截至某日现行的文档" in found["as_of(日期)"]
    assert found["收入决算表_截至(日期)"].startswith("收入决算表")
    assert all(found.values())
