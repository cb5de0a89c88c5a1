//! How is a report written for Excel? One workbook: numbers are numbers, times are times, charts are
//! Excel's own.
//!
//! Whatever a post says enters as a text cell, which no program reads as a formula. What is not known
//! is an empty cell, and never zero. Times are those of the reader's zone, since cells have none.

use jiff::tz::TimeZone;
use rust_xlsxwriter::{
    Chart, ChartFormat, ChartLegendPosition, ChartSolidFill, ChartType, DocProperties,
    ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet, XlsxError,
};

use super::document::Report;
use super::error::ReportError;
use super::pledges::{goals, service};
use super::tables::{Cell, Table, tables};
use super::tongue::{Tongue, Words};
use crate::chart::{self, Locale};
use crate::post::cut_text;
use crate::time::EventTime;

/// Longest text of a cell in bytes; Excel takes 32,767 characters.
const TEXT_BYTES_MAX: usize = 32_000;
/// Longest address that becomes a link; Excel takes 2,080 characters.
const LINK_BYTES_MAX: usize = 2_000;
/// Most charts of topics.
const CHARTS_MAX: usize = 12;
/// Size of a chart in pixels, and how many rows it covers.
const CHART: (u32, u32) = (900, 300);
const CHART_ROWS: u32 = 16;
/// Height of a head of three lines, and of one line of text, in points; and how long such a line is.
const HEAD_POINTS: f64 = 46.0;
const LINE_POINTS: f64 = 15.0;
const LINE_CHARS: usize = 95;
/// Width of a column in characters.
const COLUMN: f64 = 14.0;
/// Columns of table `trend` that hold its series: negative, neutral, positive.
const SERIES: [(u16, &str); 3] = [(4, "#B3261E"), (5, "#8C959F"), (6, "#1A7F37")];
const FROM: u16 = 1;

impl Report {
    /// The media type of a workbook.
    pub const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

    /// As a workbook for Excel (`.xlsx`).
    ///
    /// # Errors
    /// When there are more rows than a sheet takes.
    pub fn to_xlsx(&self, tongue: Tongue) -> Result<Vec<u8>, ReportError> {
        let book = Book {
            report: self,
            words: tongue.words(),
            styles: Styles::of(tongue.locale()),
            zone: &self.span.zone,
        };
        book.write(tongue).map_err(|error| ReportError::Other(error.into()))
    }
}

struct Book<'r> {
    report: &'r Report,
    words: &'static Words,
    styles: Styles,
    zone: &'r TimeZone,
}

/// How cells look.
struct Styles {
    title: Format,
    head: Format,
    text: Format,
    count: Format,
    number: Format,
    signed: Format,
    share: Format,
    time: Format,
    link: Format,
}

impl Styles {
    fn of(locale: &Locale) -> Self {
        let cell = || Format::new().set_align(FormatAlign::Top);
        let numbers = |format: &str| cell().set_num_format(format);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color("#EAEEF2")
                .set_border_bottom(FormatBorder::Thin),
            text: cell().set_text_wrap(),
            count: numbers("#,##0"),
            number: numbers("0.0"),
            signed: numbers("+0.00;-0.00;0.00"),
            share: numbers("0.0%"),
            time: numbers(if locale.tag == "de" { "dd.mm.yyyy hh:mm" } else { "d mmm yyyy hh:mm" }),
            link: cell().set_font_color("#0969DA"),
        }
    }
}

impl Book<'_> {
    fn write(&self, tongue: Tongue) -> Result<Vec<u8>, XlsxError> {
        let tables = tables(self.report, self.words);
        let mut workbook = Workbook::new();
        let [title, lines @ ..] = self.report.opening(tongue);
        workbook.set_properties(&DocProperties::new().set_title(title.as_str()));
        let promised =
            [goals(self.report, self.words, tongue.locale()), service(self.report, self.words)];
        let shown = tables.all().into_iter().chain(promised.iter().flatten());
        for (place, table) in shown.enumerate() {
            let sheet = workbook.add_worksheet().set_name(table.name)?;
            let mut row = 0;
            if place == 0 {
                sheet.write_string_with_format(0, 0, title.as_str(), &self.styles.title)?;
                for (line, at) in lines.iter().filter(|line| !line.is_empty()).zip(1..) {
                    sheet.write_string(at, 0, line.as_str())?;
                    row = at;
                }
                row += 2;
            }
            self.table(sheet, table, row)?;
        }
        self.voice_chart(workbook.worksheet_from_name(self.words.share_of_voice)?, &tables.voices)?;
        self.charts(workbook.add_worksheet(), &tables.trend)?;
        self.method(workbook.add_worksheet())?;
        workbook.save_to_buffer()
    }

    /// A table from a row on, its head frozen if it stands on top.
    fn table(&self, sheet: &mut Worksheet, table: &Table, top: u32) -> Result<(), XlsxError> {
        sheet.set_landscape().set_print_fit_to_pages(1, 0).set_paper_size(9);
        for (column, (name, width)) in (0..).zip(&table.head) {
            sheet.write_string_with_format(top, column, *name, &self.styles.head)?;
            sheet.set_column_width(column, width.unwrap_or(COLUMN))?;
        }
        // Names of several lines; not every program makes room by itself.
        sheet.set_row_height(top, HEAD_POINTS)?;
        if top == 0 {
            sheet.set_freeze_panes(1, 0)?;
            sheet.set_repeat_rows(0, 0)?;
        }
        let mut last = top;
        for (row, cells) in (top + 1..).zip(&table.rows) {
            for (column, cell) in (0..).zip(cells) {
                self.cell(sheet, (row, column), cell)?;
            }
            last = row;
        }
        let columns = u16::try_from(table.head.len()).unwrap_or(u16::MAX);
        if last > top {
            sheet.autofilter(top, 0, last, columns.saturating_sub(1))?;
        }
        Ok(())
    }

    fn cell(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        cell: &Cell,
    ) -> Result<(), XlsxError> {
        let styles = &self.styles;
        let mut number =
            |value: f64, style| sheet.write_number_with_format(row, column, value, style).map(drop);
        match cell {
            Cell::Unknown => Ok(()),
            Cell::Count(value) => number(super::interval::float(*value), &styles.count),
            Cell::Number(value) => number(*value, &styles.number),
            Cell::Signed(value) => number(*value, &styles.signed),
            Cell::Share(value) => number(*value, &styles.share),
            Cell::Time(at) => match moment(*at, self.zone) {
                Some(at) => {
                    sheet.write_datetime_with_format(row, column, &at, &styles.time).map(drop)
                }
                None => self.text(sheet, (row, column), &at.to_string()),
            },
            Cell::Link(url) if url.len() <= LINK_BYTES_MAX => {
                let written = sheet.write_url_with_options(
                    row,
                    column,
                    Url::new(url),
                    url.as_str(),
                    "",
                    Some(&styles.link),
                );
                // An address that is none to Excel stays readable.
                match written.map(drop) {
                    Err(_) => self.text(sheet, (row, column), url),
                    Ok(()) => Ok(()),
                }
            }
            Cell::Text(text) | Cell::Link(text) => self.text(sheet, (row, column), text),
        }
    }

    fn text(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        text: &str,
    ) -> Result<(), XlsxError> {
        let text = cut_text(text, TEXT_BYTES_MAX);
        sheet.write_string_with_format(row, column, text, &self.styles.text).map(drop)
    }

    /// Shares of voice as bars, beside their table.
    fn voice_chart(&self, sheet: &mut Worksheet, voices: &Table) -> Result<(), XlsxError> {
        let last = u32::try_from(voices.rows.len()).unwrap_or(u32::MAX);
        if last == 0 {
            return Ok(());
        }
        let name = self.words.share_of_voice;
        let mut chart = Chart::new(ChartType::Bar);
        let series = chart.add_series();
        series.set_name(self.words.share);
        series.set_categories((name, 1, 1, last, 1)).set_values((name, 1, 3, last, 3));
        chart.title().set_name(name);
        chart.legend().set_hidden();
        chart.x_axis().set_num_format("0%").set_min(0.0).set_max(1.0);
        // The first brand stands on top.
        chart.y_axis().set_reverse();
        chart.set_width(CHART.0 / 2).set_height(CHART.1).set_alt_text(name);
        let column = u16::try_from(voices.head.len()).unwrap_or(u16::MAX).saturating_add(1);
        sheet.insert_chart(1, column, &chart).map(drop)
    }

    /// One chart for each of the first topics: stacked columns of what was said when.
    fn charts(&self, sheet: &mut Worksheet, trend: &Table) -> Result<(), XlsxError> {
        let (words, name) = (self.words, self.words.course);
        sheet
            .set_name(words.charts)?
            .set_landscape()
            .set_print_fit_to_pages(1, 0)
            .set_paper_size(9);
        let mut first: u32 = 1;
        for (place, topic) in (0..).zip(self.report.topics.iter().take(CHARTS_MAX)) {
            let buckets = u32::try_from(topic.trend.buckets.len()).unwrap_or(u32::MAX);
            let (from, to) = (first, first.saturating_add(buckets).saturating_sub(1));
            first = to + 1;
            if buckets == 0 || to as usize > trend.rows.len() {
                continue;
            }
            let mut chart = Chart::new(ChartType::ColumnStacked);
            for (column, color) in SERIES {
                let mut fill = ChartSolidFill::new();
                let mut format = ChartFormat::new();
                format.set_solid_fill(fill.set_color(color));
                let series = chart.add_series();
                series.set_name((name, 0, column)).set_gap(40).set_format(&mut format);
                series.set_categories((name, from, FROM, to, FROM));
                series.set_values((name, from, column, to, column));
            }
            // Words come first: a name that begins with "=" would be read as a range.
            let title = format!("{}: {}", words.mentions, topic.topic);
            chart.title().set_name(title.as_str());
            chart.x_axis().set_text_axis(true).set_num_format(match topic.trend.step {
                super::step::Step::Minutes(_) => "dd/mm hh:mm",
                _ => "dd/mm",
            });
            chart.y_axis().set_name(words.mentions);
            chart.legend().set_position(ChartLegendPosition::Bottom);
            chart.set_width(CHART.0).set_height(CHART.1).set_alt_text(title);
            sheet.insert_chart(place * CHART_ROWS, 0, &chart)?;
        }
        Ok(())
    }

    fn method(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let words = self.words;
        sheet.set_name(words.method)?.set_column_width(0, 100.0)?.set_print_fit_to_pages(1, 0);
        let scorers = self.report.scorers.join(", ");
        let scored = format!("{}: {scorers}; resonanz {}", words.scorers, self.report.version);
        let zone = format!("{}: {}", words.zone, self.zone.iana_name().unwrap_or("UTC"));
        let empty = words.empty_cells.to_owned();
        for (row, text) in (0..).zip([words.method_text.to_owned(), empty, zone, scored]) {
            self.text(sheet, (row, 0), &text)?;
            let lines = u32::try_from(text.chars().count() / LINE_CHARS).unwrap_or_default() + 1;
            sheet.set_row_height(row, LINE_POINTS * f64::from(lines))?;
        }
        Ok(())
    }
}

/// A time of the reader's clock; `None` outside the years that Excel knows.
fn moment(at: EventTime, zone: &TimeZone) -> Option<ExcelDateTime> {
    let local = chart::zoned(at, zone);
    let [month, day, hour, minute, second] =
        [local.month(), local.day(), local.hour(), local.minute(), local.second()]
            .map(|part| u8::try_from(part).ok());
    let date = ExcelDateTime::from_ymd(u16::try_from(local.year()).ok()?, month?, day?).ok()?;
    date.and_hms(u16::from(hour?), minute?, second?).ok()
}
