use plotters::{prelude::*, style::Color};

use super::{
    super::figures::Line, Area, COLOURS, FAINT, GREY, TEXT, axis::Axis, below_legend, drawn, error, short,
};

const HEIGHT: u32 = 330;
/// Points of more are not marked: their marks would hide the line.
const MARKED: usize = 40;

/// What stands at the axes.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    /// Along the bottom.
    pub x: &'static str,
    /// Up the side.
    pub y: &'static str,
    /// Whether steps up are factors.
    pub is_logarithmic: bool,
}

/// Something that happened at a place along the bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where.
    pub at: f64,
    /// A few letters.
    pub label: String,
}

/// Draws lines with their points.
///
/// # Errors
///
/// When the library cannot.
pub fn lines(lines: &[Line], axes: Axes) -> anyhow::Result<String> {
    marked(lines, axes, &[])
}

/// The same, with what happened meanwhile.
///
/// # Errors
///
/// When the library cannot.
pub fn marked(lines: &[Line], axes: Axes, marks: &[Mark]) -> anyhow::Result<String> {
    let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    drawn(HEIGHT, |area| draw(&below_legend(area, &names)?, lines, axes, marks))
}

fn draw(area: &Area<'_>, lines: &[Line], axes: Axes, marks: &[Mark]) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let (furthest, top) = (most(|point| point.0).max(1.0), most(|point| point.1).max(1.0));
    let right = furthest * 1.05;
    let x = Axis::measured(points().map(|point| point.0), right);
    let least = points().map(|point| point.1).filter(|y| *y > 0.0).fold(f64::MAX, f64::min);
    let bottom = if axes.is_logarithmic { least.min(top / 10.0) / 1.5 } else { 0.0 };
    let y = if axes.is_logarithmic {
        Axis::logarithmic(bottom..top * 1.5)
    } else {
        Axis::linear(top * if marks.is_empty() { 1.08 } else { 1.14 })
    };
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).margin_right(14).x_label_area_size(44).y_label_area_size(62);
    let mut chart = builder.build_cartesian_2d(x, y).map_err(error)?;
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
        .map_err(error)?;
    let faint = BLACK.mix(0.35);
    for Mark { at, label } in marks.iter().filter(|mark| (0.0..=right).contains(&mark.at)) {
        let up = PathElement::new([(*at, bottom), (*at, top * 1.02)], faint.stroke_width(1));
        let told =
            Text::new(label.clone(), (*at + right * 0.006, top * 1.06), TEXT.into_font().color(&faint));
        chart.draw_series([up]).map_err(error)?;
        chart.draw_series([told]).map_err(error)?;
    }
    for (line, colour) in lines.iter().zip(COLOURS) {
        let mark = if line.points.len() <= MARKED { 3 } else { 0 };
        let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
        chart.draw_series(series.point_size(mark)).map_err(error)?;
    }
    Ok(())
}
