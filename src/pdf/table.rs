//! Tables and totals: how columns share a line, which rows stay whole, which amount stands out.

use kernel::ports::print::{Align, Column, TotalLine};
use typst::foundations::{Array, Dict, IntoValue, dict};

use crate::data::list;
use crate::text::Strings;

/// Amount columns together wider than this many characters share the line with the others
/// instead of taking what they want.
const MAX_AMOUNT_CHARS: usize = 56;

/// A row with more text than this may break over pages, so that it always fits somewhere.
const MAX_WHOLE_ROW_CHARS: usize = 400;
const MAX_WHOLE_ROW_LINES: usize = 10;

/// A table; `None` if it has no columns.
pub(crate) fn table(strings: &Strings, columns: &[Column], rows: &[Vec<String>]) -> Option<Dict> {
    if columns.is_empty() {
        return None;
    }
    let heads: Array = columns
        .iter()
        .zip(widths(columns, rows))
        .map(|(Column { title, align }, width)| {
            dict! {
                "title" => strings.line(title),
                "end" => *align == Align::End,
                "width" => width,
            }
            .into_value()
        })
        .collect();
    let rows = list(rows, |row| {
        // As many cells as columns, whatever the row brings.
        let cells: Array = (0..columns.len())
            .map(|index| row.get(index).map_or("", String::as_str))
            .map(|cell| strings.lines(cell).into_value())
            .collect();
        dict! { "cells" => cells, "whole" => stays_whole(row) }
    });
    Some(dict! { "columns" => heads, "rows" => rows })
}

fn stays_whole(row: &[String]) -> bool {
    row.iter().all(|cell| {
        cell.chars().count() <= MAX_WHOLE_ROW_CHARS && cell.lines().count() <= MAX_WHOLE_ROW_LINES
    })
}

/// How columns share the line: `None` takes what its longest cell needs, a number is a share of
/// what remains.
///
/// Amounts take what they need, so that none is ever broken, unless they would leave no room
/// for the words.
fn widths(columns: &[Column], rows: &[Vec<String>]) -> Vec<Option<f64>> {
    let longest: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(String::as_str);
            let lines = std::iter::once(column.title.as_str()).chain(cells).flat_map(str::lines);
            lines.map(|line| line.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let is_amount = |column: &Column| column.align == Align::End;
    let amounts: usize = columns
        .iter()
        .zip(&longest)
        .filter(|(column, _)| is_amount(column))
        .map(|(_, chars)| chars + 4)
        .sum();
    let fits = amounts <= MAX_AMOUNT_CHARS && !columns.iter().all(is_amount);
    columns
        .iter()
        .zip(longest)
        .map(|(column, chars)| {
            if fits && is_amount(column) {
                return None;
            }
            // A long description wraps well; a short word does not. The root evens them out.
            let chars = u32::try_from(chars.clamp(8, 64)).unwrap_or(64);
            Some(f64::from(chars).sqrt())
        })
        .collect()
}

/// Totals; the last strong line is the one that stands out most.
pub(crate) fn totals(strings: &Strings, lines: &[TotalLine]) -> Array {
    weights(lines)
        .into_iter()
        .zip(lines)
        .map(|(weight, TotalLine { label, amount, strong: _ })| {
            dict! {
                "label" => strings.line(label),
                "amount" => strings.line(amount),
                "weight" => weight,
            }
            .into_value()
        })
        .collect()
}

fn weights(lines: &[TotalLine]) -> Vec<&'static str> {
    let last_strong = lines.iter().rposition(|line| line.strong);
    let weight = |(index, line): (usize, &TotalLine)| match line.strong {
        true if last_strong == Some(index) => "total",
        true => "strong",
        false => "plain",
    };
    lines.iter().enumerate().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(align: Align) -> Column {
        Column { title: "Head".to_owned(), align }
    }

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn amounts_take_what_they_need_and_words_share_the_rest() {
        let columns = [column(Align::Start), column(Align::End), column(Align::End)];
        let rows = [row(&["A long description of the work", "2", "$1,200.00"])];

        let widths = widths(&columns, &rows);

        assert!(matches!(widths.as_slice(), [Some(_), None, None]), "{widths:?}");
    }

    #[test]
    fn amounts_that_leave_no_room_share_it() {
        let columns = vec![column(Align::End); 9];
        let rows = [row(&["1,000,000.00"; 9])];

        assert!(widths(&columns, &rows).iter().all(Option::is_some));
    }

    #[test]
    fn only_rows_that_fit_on_a_page_stay_whole() {
        assert!(stays_whole(&row(&["Design\nTwo directions", "1"])));
        assert!(!stays_whole(&row(&["1", &"word ".repeat(200)])));
        assert!(!stays_whole(&row(&[&"line\n".repeat(20)])));
    }

    #[test]
    fn only_the_last_strong_total_stands_out_most() {
        let line = |strong| TotalLine { label: String::new(), amount: String::new(), strong };

        let weights = weights(&[line(true), line(false), line(true), line(false)]);

        assert_eq!(weights, ["strong", "plain", "total", "plain"]);
    }
}
