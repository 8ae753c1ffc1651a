//! Draws lines and bars as SVG, with letters that can be read on a telephone as well.

mod axis;
mod bars;
mod lines;

use anyhow::anyhow;
use plotters::{coord::Shift, prelude::*, style::RGBColor};

pub use bars::bars;
pub use lines::{Axes, Mark, lines, marked};

const WIDTH: u32 = 520;
const TEXT: (&str, u32) = ("sans-serif", 16);
/// How wide a letter of it is, on average and generously.
const LETTER: i32 = 9;
/// Apart from each other also for whoever does not tell red from green.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];
const FAINT: RGBColor = RGBColor(236, 239, 242);
const GREY: RGBColor = RGBColor(208, 215, 222);
const LEGEND: u32 = 26;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What the library says, whose errors do not outlive the picture.
fn error(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("{error}")
}

fn drawn(height: u32, draw: impl FnOnce(&Area<'_>) -> anyhow::Result<()>) -> anyhow::Result<String> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
    draw(&area)?;
    area.present().map_err(|error| anyhow!("{error}"))?;
    drop(area);
    // As large as the page has room for.
    let fixed = format!(r#"<svg width="{WIDTH}" height="{height}""#);
    Ok(svg.replacen(&fixed, "<svg", 1))
}

/// Draws what the colours mean above everything else, where it hides nothing, and leaves the rest.
fn below_legend<'a, N: AsRef<str>>(area: &Area<'a>, names: &[N]) -> anyhow::Result<Area<'a>> {
    let (legend, rest) = area.split_vertically(LEGEND);
    let style = TEXT.into_font().color(&BLACK);
    let mut x = 12;
    for (name, colour) in names.iter().map(AsRef::as_ref).zip(COLOURS) {
        legend
            .draw(&Rectangle::new([(x, 9), (x + 12, 21)], colour.filled()))
            .map_err(|error| anyhow!("{error}"))?;
        legend
            .draw(&Text::new(name.to_owned(), (x + 17, 8), style.clone()))
            .map_err(|error| anyhow!("{error}"))?;
        x += 36 + LETTER * i32::try_from(name.chars().count()).unwrap_or_default();
    }
    Ok(rest)
}

/// As short as it can be read.
fn short(value: f64) -> String {
    match value {
        1_000_000.0.. => format!("{}M", decimals(value / 1_000_000.0)),
        10_000.0.. => format!("{:.0}k", value / 1_000.0),
        1_000.0.. => format!("{}k", decimals(value / 1_000.0)),
        10.0.. => format!("{value:.0}"),
        1.0.. => decimals(value),
        _ if value.fract().abs() < 1e-9 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// One decimal, unless it is a whole number.
fn decimals(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_an_axis_are_short() {
        let numbers = [0.0, 0.25, 2.0, 2.5, 64.0, 1_000.0, 1_500.0, 13_000.0, 1_200_000.0].map(short);
        assert_eq!(numbers, ["0", "0.25", "2", "2.5", "64", "1k", "1.5k", "13k", "1.2M"]);
    }
}
