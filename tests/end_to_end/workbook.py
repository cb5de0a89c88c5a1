"""Reads a workbook of `resonanz report` with openpyxl and prints what a person would see, as JSON."""

import datetime
import json
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])


def shown(cell):
    value = cell.value
    if isinstance(value, datetime.datetime):
        return {"time": value.isoformat(), "format": cell.number_format}
    return value


sheets = {
    sheet.title: {
        "rows": [[shown(cell) for cell in row] for row in sheet.iter_rows()],
        "formulas": [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"],
        "links": [cell.hyperlink.target for row in sheet.iter_rows() for cell in row if cell.hyperlink],
        "charts": [type(chart).__name__ for chart in sheet._charts],
        "frozen": sheet.freeze_panes,
    }
    for sheet in book.worksheets
}
print(json.dumps({"title": book.properties.title, "sheets": sheets}))
