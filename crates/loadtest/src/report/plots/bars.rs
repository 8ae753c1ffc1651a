use anyhow::anyhow;
use plotters::{prelude::*, style::Color};

use super::{super::figures::Bar, Area, COLOURS, FAINT, GREY, TEXT, below_legend, drawn, short};

const ROW: u32 = 44;
/// Axis, description and margins.
const AROUND: u32 = 66;

/// Draws bars from left to right, one below the other, each below its name, with a legend of their parts.
///
/// # Errors
///
/// When the library cannot.
pub fn bars(bars: &[Bar], legend: &[&str], unit: &'static str) -> anyhow::Result<String> {
    let height = AROUND + ROW * u32::try_from(bars.len()).unwrap_or_default();
    if legend.len() == 1 {
        return drawn(height, |area| draw(area, bars, unit));
    }
    drawn(height + super::LEGEND, |area| draw(&below_legend(area, legend)?, bars, unit))
}

fn draw(area: &Area<'_>, bars: &[Bar], unit: &'static str) -> anyhow::Result<()> {
    let whole = |bar: &Bar| bar.parts.iter().sum::<f64>();
    let right = bars.iter().map(whole).fold(1.0, f64::max) * 1.14;
    let mut builder = ChartBuilder::on(area);
    builder.margin(8).x_label_area_size(44);
    let rows = i32::try_from(bars.len()).unwrap_or_default();
    // The first is on top: down is up.
    let mut chart =
        builder.build_cartesian_2d(0.0..right, f64::from(rows)..0.0).map_err(|error| anyhow!("{error}"))?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(6)
        .x_label_formatter(&|value| short(*value))
        .x_desc(unit)
        .label_style(TEXT)
        .axis_desc_style(TEXT)
        .bold_line_style(GREY)
        .light_line_style(FAINT)
        .draw()
        .map_err(|error| anyhow!("{error}"))?;
    let style = TEXT.into_font().color(&BLACK);
    for (row, bar) in (0..rows).map(f64::from).zip(bars) {
        let mut from = 0.0;
        for (part, colour) in bar.parts.iter().zip(COLOURS) {
            let corners = [(from, row + 0.52), (from + part, row + 0.9)];
            let piece = Rectangle::new(corners, colour.filled());
            chart.draw_series([piece]).map_err(|error| anyhow!("{error}"))?;
            from += part;
        }
        let name = Text::new(bar.name.clone(), (0.0, row + 0.08), style.clone());
        let told = Text::new(short(from), (from + right * 0.01, row + 0.52), style.clone());
        chart.draw_series([name, told]).map_err(|error| anyhow!("{error}"))?;
    }
    Ok(())
}
