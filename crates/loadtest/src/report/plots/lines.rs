use anyhow::anyhow;
use plotters::{prelude::*, style::Color};

use super::{super::figures::Line, Area, COLOURS, FAINT, GREY, TEXT, axis::Axis, below_legend, drawn, short};

const HEIGHT: u32 = 330;
/// Points of more are not marked: their marks would hide the line.
const MARKED: usize = 40;

/// What stands at the axes.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Axes {
    pub(in crate::report) x: &'static str,
    pub(in crate::report) y: &'static str,
    /// Whether steps up are factors.
    pub(in crate::report) is_logarithmic: bool,
}

/// Draws lines with their points.
pub(in crate::report) fn lines(lines: &[Line], axes: Axes) -> anyhow::Result<String> {
    let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    drawn(HEIGHT, |area| draw(&below_legend(area, &names)?, lines, axes))
}

fn draw(area: &Area<'_>, lines: &[Line], axes: Axes) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let (furthest, top) = (most(|point| point.0).max(1.0), most(|point| point.1).max(1.0));
    let right = furthest * 1.05;
    let x = Axis::measured(points().map(|point| point.0), right);
    let y = if axes.is_logarithmic {
        let least = points().map(|point| point.1).filter(|y| *y > 0.0).fold(f64::MAX, f64::min);
        Axis::logarithmic(least.min(top / 10.0) / 1.5..top * 1.5)
    } else {
        Axis::linear(top * 1.08)
    };
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).margin_right(14).x_label_area_size(44).y_label_area_size(62);
    let mut chart = builder.build_cartesian_2d(x, y).map_err(|error| anyhow!("{error}"))?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .x_label_formatter(&|value| short(*value))
        .y_label_formatter(&|value| short(*value))
        .label_style(TEXT)
        .axis_desc_style(TEXT)
        .bold_line_style(GREY)
        .light_line_style(FAINT)
        .draw()
        .map_err(|error| anyhow!("{error}"))?;
    for (line, colour) in lines.iter().zip(COLOURS) {
        let mark = if line.points.len() <= MARKED { 3 } else { 0 };
        let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
        chart.draw_series(series.point_size(mark)).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(())
}
