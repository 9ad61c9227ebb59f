//! What was measured, as Markdown and as a drawing.

use std::fmt::Write as _;

use crate::measure::{Growth, Measured};

/// A figure of what was measured.
type Figure = fn(&Growth) -> f64;

/// The subjects side by side, line by line.
pub(crate) fn table(mails: usize, results: &[(&'static str, Vec<Measured>)]) {
    println!("\n## With {mails} mails received\n");
    println!("| | build | a second | p50 ms | p99 ms | processor ms | syncs | statements | requests to the table |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|");
    let lines = results[0].1.len();
    for line in 0..lines {
        for (name, measured) in results {
            let Measured { what, rates, p50_ms, p99_ms, used } = &measured[line];
            let rates: Vec<String> = rates.iter().map(|(of, rate)| format!("{rate:.0} {of}")).collect();
            let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
            println!(
                "| {what} | {name} | {} | {} | {} | {:.2} | {} | {} | {} |",
                rates.join(", "),
                number(*p50_ms),
                number(*p99_ms),
                used.processor_ms,
                number(used.syncs),
                number(used.statements),
                number(used.table_requests),
            );
        }
    }
}

/// How the receipt of mail changed while they came.
pub(crate) fn growth(growth: &[Growth]) {
    println!("\n## As they came\n");
    println!("| mails | visible a second | processor ms a mail | list p50 ms | memory MiB |\n|--:|--:|--:|--:|--:|");
    for Growth { mails, visible_per_second, processor_ms, list_p50_ms, resident_mib } in growth {
        println!("| {mails} | {visible_per_second:.0} | {processor_ms:.2} | {list_p50_ms:.2} | {resident_mib:.0} |");
    }
}

const WIDTH: f64 = 720.0;
const PANEL: f64 = 170.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 34.0;

/// One panel for each figure, over the number of mails.
pub(crate) fn svg(growth: &[Growth]) -> String {
    let panels: [(&str, Figure); 3] = [
        ("Mails visible a second", |point| point.visible_per_second),
        ("Processor time of a mail until it can be found, ms", |point| point.processor_ms),
        ("List of threads, median, ms", |point| point.list_p50_ms),
    ];
    #[allow(clippy::cast_precision_loss, reason = "three")]
    let height = (PANEL + TOP) * panels.len() as f64 + 30.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let mut top = TOP;
    for (title, of) in panels {
        panel(&mut svg, growth, title, of, top);
        top += PANEL + TOP;
    }
    svg.push_str("</svg>\n");
    svg
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn panel(svg: &mut String, growth: &[Growth], title: &str, of: fn(&Growth) -> f64, top: f64) {
    let most_mails = growth.iter().map(|point| point.mails).max().unwrap_or(1) as f64;
    // From zero, so that what looks flat is flat.
    let most = growth.iter().map(of).fold(0.0, f64::max) * 1.15;
    let x = |mails: usize| LEFT + (WIDTH - LEFT - 20.0) * mails as f64 / most_mails;
    let y = |value: f64| top + PANEL - (PANEL - 10.0) * value / most;
    let (bottom, right) = (top + PANEL, WIDTH - 20.0);
    _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{title}</text>", top - 6.0);
    for tick in 0..=4 {
        let value = most * f64::from(tick) / 4.0;
        let at = y(value);
        _ = writeln!(svg, "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/>");
        _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>", LEFT - 6.0, at + 4.0);
        let mails = most_mails * f64::from(tick) / 4.0;
        let at = LEFT + (right - LEFT) * f64::from(tick) / 4.0;
        _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{mails:.0}</text>", bottom + 14.0);
    }
    let points: Vec<String> = growth.iter().map(|point| format!("{:.1},{:.1}", x(point.mails), y(of(point)))).collect();
    let points = points.join(" ");
    _ = writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" stroke=\"#1a5fb4\" stroke-width=\"2\"/>");
}
