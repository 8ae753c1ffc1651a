//! Draws lines and bars as SVG.

use anyhow::anyhow;
use plotters::{
    coord::Shift,
    prelude::*,
    style::{Color, RGBColor},
};

use super::figures::{Bar, Line};

const SIZE: (u32, u32) = (760, 400);
const BAR: u32 = 26;
const TEXT: (&str, u32) = ("sans-serif", 14);
/// Apart from each other also for whoever does not tell red from green.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

const FAINT: RGBColor = RGBColor(244, 245, 247);
const GREY: RGBColor = RGBColor(208, 215, 222);

/// What stands at the axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axes {
    pub(super) x: &'static str,
    pub(super) y: &'static str,
    /// Whether steps up are factors.
    pub(super) is_logarithmic: bool,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws lines with their points.
pub(super) fn lines(lines: &[Line], axes: Axes) -> anyhow::Result<String> {
    drawn(SIZE, |area| draw_lines(area, lines, axes))
}

/// Draws bars from left to right, one below the other, with a legend of their parts.
pub(super) fn bars(bars: &[Bar], legend: &[&str], unit: &'static str) -> anyhow::Result<String> {
    let height = 90 + BAR * u32::try_from(bars.len()).unwrap_or_default();
    drawn((SIZE.0, height), |area| draw_bars(area, bars, legend, unit))
}

fn drawn(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> anyhow::Result<()>) -> anyhow::Result<String> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
    draw(&area)?;
    area.present().map_err(|error| anyhow!("{error}"))?;
    drop(area);
    // As large as the page has room for.
    let fixed = format!(r#"<svg width="{}" height="{}""#, size.0, size.1);
    Ok(svg.replacen(&fixed, "<svg", 1))
}

fn draw_lines(area: &Area<'_>, lines: &[Line], axes: Axes) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let (right, top) = (most(|point| point.0).max(1.0), most(|point| point.1).max(1.0));
    let mut builder = ChartBuilder::on(area);
    builder.margin(10).x_label_area_size(42).y_label_area_size(70);
    macro_rules! draw {
        ($chart:expr) => {{
            let mut chart = $chart.map_err(|error| anyhow!("{error}"))?;
            chart
                .configure_mesh()
                .x_desc(axes.x)
                .y_desc(axes.y)
                .x_label_formatter(&|value| short(*value))
                .y_label_formatter(&|value| short(*value))
                .label_style(TEXT)
                .axis_desc_style(TEXT)
                .light_line_style(FAINT)
                .draw()
                .map_err(|error| anyhow!("{error}"))?;
            for (line, colour) in lines.iter().zip(COLOURS) {
                chart
                    .draw_series(
                        LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)).point_size(3),
                    )
                    .map_err(|error| anyhow!("{error}"))?
                    .label(line.name.clone())
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.85))
                .border_style(GREY)
                .label_font(TEXT)
                .draw()
                .map_err(|error| anyhow!("{error}"))?;
        }};
    }
    if axes.is_logarithmic {
        let least = points().map(|point| point.1).filter(|y| *y > 0.0).fold(f64::MAX, f64::min);
        let bottom = least.min(top / 10.0) / 2.0;
        draw!(builder.build_cartesian_2d(0.0..right * 1.05, (bottom..top * 2.0).log_scale()));
    } else {
        draw!(builder.build_cartesian_2d(0.0..right * 1.05, 0.0..top * 1.15));
    }
    Ok(())
}

fn draw_bars(area: &Area<'_>, bars: &[Bar], legend: &[&str], unit: &'static str) -> anyhow::Result<()> {
    let whole = |bar: &Bar| bar.parts.iter().sum::<f64>();
    let right = bars.iter().map(whole).fold(1.0, f64::max);
    let names: Vec<&str> = bars.iter().rev().map(|bar| bar.name.as_str()).collect();
    let rows = names.len();
    let mut builder = ChartBuilder::on(area);
    builder.margin(10).x_label_area_size(42).y_label_area_size(230);
    let mut chart = builder
        .build_cartesian_2d(0.0..right * 1.4, (0..rows).into_segmented())
        .map_err(|error| anyhow!("{error}"))?;
    let name = |value: &SegmentValue<usize>| match value {
        SegmentValue::CenterOf(row) => names.get(*row).copied().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(rows)
        .y_label_formatter(&name)
        .x_label_formatter(&|value| short(*value))
        .x_desc(unit)
        .label_style(TEXT)
        .axis_desc_style(TEXT)
        .light_line_style(FAINT)
        .draw()
        .map_err(|error| anyhow!("{error}"))?;
    for (part, (label, colour)) in legend.iter().zip(COLOURS).enumerate() {
        let piece = |(row, bar): (usize, &Bar)| {
            let before: f64 = bar.parts[..part].iter().sum();
            let corners = [
                (before, SegmentValue::Exact(row)),
                (before + bar.parts[part], SegmentValue::Exact(row + 1)),
            ];
            let mut piece = Rectangle::new(corners, colour.filled());
            piece.set_margin(3, 3, 0, 0);
            piece
        };
        let series = chart.draw_series(bars.iter().rev().enumerate().map(piece));
        let series = series.map_err(|error| anyhow!("{error}"))?;
        if legend.len() > 1 {
            series
                .label(*label)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
        }
    }
    let style = TEXT.into_font().color(&BLACK);
    let told = bars.iter().rev().enumerate().map(|(row, bar)| {
        let at = (whole(bar) + right * 0.01, SegmentValue::CenterOf(row));
        Text::new(short(whole(bar)), at, style.clone())
    });
    chart.draw_series(told).map_err(|error| anyhow!("{error}"))?;
    if legend.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(GREY)
            .label_font(TEXT)
            .draw()
            .map_err(|error| anyhow!("{error}"))?;
    }
    Ok(())
}

/// As short as it can be read.
fn short(value: f64) -> String {
    match value {
        10_000.0.. => format!("{:.0}k", value / 1_000.0),
        1_000.0.. => format!("{:.1}k", value / 1_000.0),
        10.0.. => format!("{value:.0}"),
        _ if value.fract().abs() < 1e-9 => format!("{value:.0}"),
        1.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_an_axis_are_short() {
        let numbers = [0.0, 0.25, 2.5, 64.0, 1_500.0, 13_000.0].map(short);
        assert_eq!(numbers, ["0", "0.25", "2.5", "64", "1.5k", "13k"]);
    }
}
