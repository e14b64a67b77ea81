"""What an administration's spreadsheet programs write is read as it was meant, or refused with file, row and column."""

import json
import re
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from registry.errors import InputError
from registry.issuing.achievement import read_achievement
from registry.issuing.table.complaints import Complaints
from registry.issuing.table.options import TableOptions
from registry.issuing.table.rows import open_rows

NOW = "2026-06-01T12:00:00Z"


def read(path, **options):
    """Rows by number, and the complaints."""
    complaints = Complaints(str(path))
    with open_rows(path, TableOptions(**options), NOW, complaints) as rows:
        found = dict(rows)
    return found, complaints


@pytest.fixture
def csv(tmp_path):
    def write(data):
        path = tmp_path / "results.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


@pytest.fixture
def xlsx(tmp_path):
    """A workbook from rows; `change` may do more to its sheet."""

    def write(rows, change=lambda sheet: None):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        change(book.active)
        book.save(tmp_path / "results.xlsx")
        return tmp_path / "results.xlsx"

    return write


def complaint(path, **options):
    """The one complaint of a file."""
    _, complaints = read(path, **options)
    assert len(complaints.errors) == 1, [*map(str, complaints.errors)]
    return complaints.errors[0]


TEXT = "id,name\r\n1,Bjørn Łukasz\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings_are_recognised(csv, encoding):
    rows, complaints = read(csv(TEXT.encode(encoding)))
    assert (rows[2].name, complaints.errors, complaints.notes) == ("Bjørn Łukasz", [], [])


def test_big_endian_utf16_is_recognised(csv):
    rows, _ = read(csv(b"\xfe\xff" + TEXT.encode("utf-16-be")))
    assert rows[2].name == "Bjørn Łukasz"


def test_windows_1252_is_read_and_said_with_a_word_to_look_at(csv):
    rows, complaints = read(csv("id;name\n1;Zoë Müller – Öz\n".encode("cp1252")))
    assert rows[2].name == "Zoë Müller – Öz"
    assert "Windows-1252" in complaints.notes[0]
    assert "Zoë Müller – Öz" in complaints.notes[0]


def test_windows_1252_far_behind_the_first_megabyte_is_found(csv):
    filler = "".join(f"{n},A\n" for n in range(200_000))
    rows, complaints = read(csv(f"id,name\n{filler}x,Bjørn\n".encode("cp1252")))
    assert rows[200_002].name == "Bjørn"
    assert "Bjørn" in complaints.notes[0]


def test_bytes_that_are_neither_utf8_nor_windows_1252_are_refused(csv):
    with pytest.raises(InputError, match="byte 9 is neither UTF-8 nor Windows-1252"):
        read(csv(b"id,name\n1\x81,A\xff\n"))


def test_utf16_without_mark_is_refused(csv):
    with pytest.raises(InputError, match="zero bytes"):
        read(csv("id,name\n1,A\n".encode("utf-16-le")))


def test_encoding_can_be_named(csv):
    rows, _ = read(csv("id,name\n1,Łukasz\n".encode("iso8859-2")), encoding="iso8859-2")
    assert rows[2].name == "Łukasz"
    with pytest.raises(InputError, match="is no encoding"):
        read(csv("id,name\n"), encoding="klingon")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_found_by_the_header(csv, separator):
    rows, complaints = read(csv(separator.join(["id", "name", "result"]) + "\n" + separator.join(["1", "A", "1.3"])))
    assert rows[2].result == "1.3"
    assert len(complaints.notes) == (separator != ",")


def test_separator_that_stands_inside_names_is_not_taken(csv):
    rows, _ = read(csv('id;name;"email"\n1;"Lee, Bruce, Jr";a@b.cd\n'))
    assert rows[2].name == "Lee, Bruce, Jr"


def test_separator_line_of_excel_is_understood(csv):
    rows, complaints = read(csv("sep=|\r\nid|name\r\n1|A\r\n"))
    assert (rows[3].name, complaints.errors) == ("A", [])


def test_line_breaks_and_separators_inside_quotes_belong_to_the_value(csv):
    rows, complaints = read(csv('id,name\r\n1,"Lee,\nBruce ""B"""\r\n2,C\r\n'))
    assert (rows[2].name, rows[3].name, complaints.errors) == ('Lee,\nBruce "B"', "C", [])


def test_empty_columns_and_rows_at_the_end_are_nothing(csv):
    rows, complaints = read(csv("id;name;;\n1;A;;\n2;B;;\n;;;\n;;;\n"))
    assert ([*rows], complaints.errors) == ([2, 3], [])


def test_empty_rows_in_between_are_said_as_one(csv):
    assert str(complaint(csv("id,name\n1,A\n\n,\n2,B\n"))) == "row 3 and the rows down to 4 are empty; delete them"


def test_cells_that_excel_leaves_out_are_empty(csv):
    rows, complaints = read(csv("id,name,email,result\n1,A,a@b.cd,1\n2,B\n"))
    assert (rows[3].email, complaints.errors) == ("", [])


def test_cells_below_a_column_without_a_name_are_said(csv):
    assert "column 2 holds a value" in str(complaint(csv("id,,name\n1,x,A\n")))
    assert "has 3 values" in str(complaint(csv("id,name\n1,A,x\n")))


def test_names_of_every_script_are_kept_as_they_are_written(csv):
    names = [
        "李小龍",
        "عائشة بنت أبي بكر",
        "नरेन्द्र",
        "Þórður Ægisson",
        "می‌خواهم",
        "Nguyễn Thị",
        "O’Brien-Łoś",
        "e\u0301lan",
    ]
    rows, complaints = read(csv("id,name\n" + "".join(f"{n},{name}\n" for n, name in enumerate(names))))
    assert [row.name for row in rows.values()] == names
    assert complaints.errors == complaints.warnings == []


# What stands in the one row → column, what is said, what to write instead.
BAD = {
    "no e-mail": ({"email": "nobody"}, "email", "no e-mail address", "learner@example.org"),
    "two e-mails": ({"email": "a@b.cd; c@d.ef"}, "email", "more than one", "write one"),
    "mail link": ({"email": "mailto:a@b.cd"}, "email", "is a link", "'a@b.cd'"),
    "dots": ({"email": "a..b@c.de"}, "email", "no e-mail address", ""),
    "no DID": ({"did": "z6Mk"}, "did", "is no DID", "did:key"),
    "DID with fragment": ({"did": "did:web:a.example#key"}, "did", "is no DID", "'did:web:a.example'"),
    "yesterday": ({"awarded": "yesterday"}, "awarded", "is no date", "2026-01-31"),
    "no such day": ({"awarded": "2026-02-30"}, "awarded", "no day of the calendar", ""),
    "German day": ({"awarded": "31.01.2026"}, "awarded", "is no date", "write 2026-01-31"),
    "ambiguous day": ({"awarded": "03/04/2026"}, "awarded", "is no date", "2026-04-03 or 2026-03-04"),
    "no zone": ({"awarded": "2026-01-31 09:30"}, "awarded", "is no date", "2026-01-31T09:30Z"),
    "Excel's count": ({"awarded": "46053"}, "awarded", "is no date", "2026-01-31"),
    "before the award": ({"awarded": "2026-05-01", "expires": "2026-04-01"}, "expires", "before the award", "later"),
    "before now": ({"expires": "2026-05-31"}, "expires", "before the award", "later"),
    "path": ({"evidence": "C:\\files\\a.pdf"}, "evidence", "nothing that others can open", "https://"),
    "script": ({"evidence": "javascript:alert(1)"}, "evidence", "nothing that others can open", "https://"),
    "no URL": ({"evidence": "www.example.org"}, "evidence", "is no URL", "https://"),
    "blank in URL": ({"evidence": "https://a.example/b c"}, "evidence", "is no URL", "https://a.example/b%20c"),
    "formula": ({"name": '=HYPERLINK("https://evil.example";"A")'}, "name", "remains of a formula", "value itself"),
    "command": ({"result": "@SUM(1)"}, "result", "remains of a formula", "value itself"),
    "error": ({"result": "#N/A"}, "result", "spreadsheet's error", "correct"),
    "no-break space": ({"name": "Anna\u00a0Schmidt"}, "name", "looks like a blank", "ordinary blank"),
    "zero width": ({"name": "An\u200bna"}, "name", "invisible character U+200B", "delete"),
    "bidi override": ({"name": "Anna\u202egnp"}, "name", "invisible character U+202E", "delete"),
    "control": ({"name": "An\x07na"}, "name", "U+0007", "delete"),
    "lost character": ({"name": "M\ufffdller"}, "name", "lost", "UTF-8"),
    "long name": ({"name": "A" * 501}, "name", "501 characters", "at most 500"),
    "reserved": ({"id": "COM1"}, "id", "cannot name a file", "60 letters"),
    "slash": ({"id": "../x"}, "id", "cannot name a file", "60 letters"),
    "no name": ({"name": " "}, "name", "is empty", "learner's name"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_value_is_said_with_row_column_and_what_to_write_instead(csv, name):
    values, column, problem, write = BAD[name]
    row = {"id": "7", "name": "A"} | values
    quoted = ['"' + value.replace('"', '""') + '"' for value in row.values()]
    found = complaint(csv(f"{','.join(row)}\n{','.join(quoted)}\n"))
    assert (found.row, found.column) == (2, column)
    assert problem in found.problem
    assert write in found.write


def test_every_fault_of_every_row_is_said_in_one_pass(csv):
    _, complaints = read(csv("id,name,email,expires\n1,,x,2020-01-01\n,B,b@c.de,\n1,C,=A1,x\n"))
    assert [(one.row, one.column) for one in complaints.errors] == [
        (2, "expires"), (2, "name"), (2, "email"), (3, "id"), (4, "expires"), (4, "email"), (4, "email"), (4, "id"),
    ]  # fmt: skip


def test_names_in_a_wrong_encoding_are_a_warning(csv):
    rows, complaints = read(csv("id,name\n1,BjÃ¸rn\n2,Ærøskøbing\n"))
    assert ([one.row for one in complaints.warnings], complaints.errors) == ([2], [])
    assert "'Bjørn'" in complaints.warnings[0].problem
    assert rows[2].name == "BjÃ¸rn"


def test_ids_that_differ_in_case_or_composition_only_are_one(csv):
    _, complaints = read(csv("id,name\nA1,A\na1,B\né,C\ne\u0301,D\n"))
    assert [one.row for one in complaints.errors] == [3, 5]


def test_last_day_of_a_credential_is_a_valid_one(csv):
    rows, _ = read(csv("id,name,awarded,expires\n1,A,2026-01-31,2026-12-31\n2,B,,2027-01-01T00:00:00+01:00\n"))
    assert (rows[2].awarded, rows[2].expires) == ("2026-01-31T00:00:00Z", "2026-12-31T23:59:59Z")
    assert rows[3].expires == "2027-01-01T00:00:00+01:00"


@pytest.mark.parametrize(
    ("style", "text"), [("DD.MM.YYYY", "3.4.2026"), ("DD/MM/YYYY", "03/04/2026"), ("MM/DD/YYYY", "4/3/2026")]
)
def test_dates_in_a_style_that_was_named(csv, style, text):
    rows, complaints = read(csv(f"id,name,awarded\n1,A,{text}\n2,B,2026-04-03\n"), dates=style)
    assert [row.awarded for row in rows.values()] == ["2026-04-03T00:00:00Z"] * 2, complaints.errors


def test_mapping_names_columns_and_joins_names(csv):
    columns = {"Matrikel-Nr.": "id", "Vorname": "name", "Nachname": "name", "Bemerkung": None}
    path = csv("Nachname;MATRIKEL-NR.; Vorname ;Bemerkung;Email;Raum\nLee;7;Bruce;gut;a@b.cd;1\n")
    rows, complaints = read(path, columns=columns)
    assert (rows[2].id, rows[2].name, rows[2].email) == ("7", "Bruce Lee", "a@b.cd")
    assert complaints.notes[1] == "columns that are not used: 'Raum'"


def test_complaints_name_columns_as_the_table_does(csv):
    found = complaint(csv("Nr;Mail;Name\n1;x;A\n"), columns={"Nr": "id", "Mail": "email"})
    assert found.column == "Mail"


def test_wrong_mappings_are_said(csv, tmp_path):
    path = csv("Nr,Name\n1,A\n")
    _, complaints = read(path, columns={"Nummer": "id"})
    assert "the mapping names a column 'nummer' that the table does not have" in str(complaints.errors[0])
    assert "missing column 'id'" in str(complaints.errors[1])
    body = {"achievement": ACHIEVEMENT, "columns": {"A": "id", "a ": "colour", "B": "email", "C": "email"}, "dats": ""}
    (tmp_path / "a.json").write_text(json.dumps(body | {"dates": "YY", "headerRow": 0}))
    with pytest.raises(InputError) as refused:
        read_achievement(tmp_path / "a.json")
    for what in ("'colour'", "names 'a ' and 'A'", "several columns to email", "$.dats", "$.dates", "$.headerRow"):
        assert what in str(refused.value)


ACHIEVEMENT = {
    "id": "https://northwind.example/a",
    "type": ["Achievement"],
    "name": "A",
    "description": "B",
    "criteria": {"narrative": "C"},
}


def test_mapping_is_no_part_of_what_is_signed(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"achievement": ACHIEVEMENT, "columns": {"Nr": "id"}, "headerRow": 2}))
    found = read_achievement(path)
    assert found.achievement == ACHIEVEMENT
    assert (found.table.columns, found.table.header_row) == ({"Nr": "id"}, 2)
    path.write_text(json.dumps(ACHIEVEMENT))
    assert read_achievement(path).achievement == ACHIEVEMENT
    assert read_achievement(path).table == TableOptions()


def test_header_further_down_is_read_there(csv):
    rows, complaints = read(csv("Results of 2026;;\n;;\nid;name;result\n1;A;2\n"), header_row=3)
    assert (rows[4].result, complaints.errors) == ("2", [])


# ------------------------------------------------------------------------------------------------ workbooks


def test_workbook_gives_what_a_person_sees_in_it(xlsx):
    def formats(sheet):
        sheet["A3"].number_format = "00000"
        sheet["D2"].number_format = "0.0"
        sheet["D3"].number_format = "0%"

    rows, complaints = read(
        xlsx(
            [
                ["id", "name", "awarded", "result"],
                [1234.0, "Ægir", date(2026, 1, 31), 2],
                [123, "B", datetime(2026, 2, 1), 0.85],
                [12, "C", "2026-03-01", 1.25],
                ["0007", "D", None, True],
            ],
            formats,
        )
    )
    assert complaints.errors == []
    assert [row.id for row in rows.values()] == ["1234", "00123", "12", "0007"]
    assert [row.result for row in rows.values()] == ["2.0", "85%", "1.25", "TRUE"]
    assert [row.awarded[:10] for row in rows.values()] == ["2026-01-31", "2026-02-01", "2026-03-01", ""]


def test_time_without_zone_in_a_workbook_is_said(xlsx):
    found = complaint(xlsx([["id", "name", "awarded"], [1, "A", datetime(2026, 1, 31, 9, 30)]]))
    assert (found.column, "2026-01-31T09:30:00Z" in found.write) == ("awarded", True)


def test_hidden_rows_are_never_issued_silently(xlsx):
    def hide(sheet):
        for row in (3, 4, 6):
            sheet.row_dimensions[row].hidden = True

    path = xlsx([["id", "name"], *[[n, "A"] for n in range(5)]], hide)
    assert "rows 3–4, 6 are hidden" in str(complaint(path))


def test_hidden_columns_are_said(xlsx):
    def hide(sheet):
        sheet.column_dimensions["B"].hidden = True

    _, complaints = read(xlsx([["id", "name"], [1, "A"]], hide))
    assert complaints.notes == ["hidden columns are read like the others: B"]


def test_merged_cells_below_the_header_are_said(xlsx):
    _, complaints = read(xlsx([["id", "name"], [1, "A"], [2, "A"]], lambda sheet: sheet.merge_cells("B2:B3")))
    assert "row 2: cells B2:B3 are merged" in str(complaints.errors[0])
    rows, complaints = read(
        xlsx([["Results", None], ["id", "name"], [1, "A"]], lambda sheet: sheet.merge_cells("A1:B1")), header_row=2
    )
    assert ([*rows], complaints.errors) == ([3], [])


def test_formula_gives_its_value_or_is_said_when_it_never_had_one(xlsx, tmp_path):
    path = xlsx([["id", "name"], [1, '="A"&"B"'], [2, "C"]])
    _, complaints = read(path)
    assert "cell B2 holds a formula that was never calculated" in str(complaints.errors[0])
    calculated = tmp_path / "calculated.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(calculated, "w") as new:
        for item in old.namelist():
            data = old.read(item)
            if item.endswith("sheet1.xml"):
                data = re.sub(
                    rb'<c r="B2"[^>]*>(<f>.*?</f>)(?:<v\s*/>|<v></v>)', rb'<c r="B2" t="str">\1<v>AB</v>', data
                )
            new.writestr(item, data)
    rows, complaints = read(calculated)
    assert (rows[2].name, complaints.errors) == ("AB", [])


def test_numbers_that_excel_rounded_are_said(xlsx):
    assert "more than 15 digits" in str(complaint(xlsx([["id", "name"], [12345678901234567, "A"]])))


def test_sheet_is_the_first_visible_one_or_the_one_that_is_named(xlsx):
    def more(sheet):
        sheet.title = "Old"
        sheet.sheet_state = "hidden"
        for title in ("Results", "Other"):
            added = sheet.parent.create_sheet(title)
            added.append(["id", "name"])
            added.append([1, title])

    path = xlsx([["x"]], more)
    rows, complaints = read(path)
    assert (rows[2].name, complaints.notes) == ("Results", ["sheet 'Results' was read, not 'Old', 'Other'"])
    assert read(path, sheet="Other")[0][2].name == "Other"
    with pytest.raises(InputError, match="no sheet 'Nowhere'"):
        read(path, sheet="Nowhere")


def test_what_is_no_workbook_is_said(tmp_path):
    path = tmp_path / "results.xlsx"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1"
    for data, message in ((ole, "password"), (b"id,name\n", "no Excel workbook"), (b"PK\x03\x04", "no Excel workbook")):
        path.write_bytes(data)
        with pytest.raises(InputError, match=message):
            read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "nowhere.xlsx")
    (tmp_path / "old.xls").write_bytes(b"")
    with pytest.raises(InputError, match=r"save it as \.xlsx"):
        read(tmp_path / "old.xls")


def test_row_far_below_the_others_costs_no_memory_and_one_complaint(xlsx):
    def far(sheet):
        sheet["A30000"], sheet["B30000"] = 2, "B"

    assert "row 3 and the rows down to 29999 are empty" in str(complaint(xlsx([["id", "name"], [1, "A"]], far)))


def refusing(source):
    """All rows; InputError with every complaint if there is one."""
    complaints = Complaints(str(source))
    with open_rows(source, TableOptions(), "", complaints) as rows:
        found = [row for _, row in rows]
    complaints.refuse()
    return found


def test_rows_are_refused_with_every_complaint(csv):
    with pytest.raises(InputError) as refused:
        refusing(csv("id,name\n1,\n2,=A\n"))
    assert "row 2, column 'name' is empty" in str(refused.value)
    assert "row 3, column 'name'" in str(refused.value)
