//! Axes whose labels do not stand on each other: the library's own are, where steps are factors.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

/// So many decades are marked at 1, 2 and 5; of more only the whole ones.
const FEW_DECADES: f64 = 2.2;
/// So many measured places are marked themselves.
const FEW: usize = 8;
/// What is nearer than this share of the axis would be written over its neighbour.
const APART: f64 = 0.055;

/// An axis.
pub(super) struct Axis {
    range: Range<f64>,
    is_logarithmic: bool,
    /// Where labels stand.
    marks: Vec<f64>,
    /// Where there is a faint line.
    lines: Vec<f64>,
}

impl Axis {
    /// From 0 to `right`, marked at the measured places if they are few and far enough apart.
    pub(super) fn measured(places: impl Iterator<Item = f64>, right: f64) -> Self {
        let marks = measured(places, right).unwrap_or_else(|| linear(right));
        Self { range: 0.0..right, is_logarithmic: false, marks, lines: Vec::new() }
    }

    /// From 0 to `right`, with few round marks.
    pub(super) fn linear(right: f64) -> Self {
        Self { range: 0.0..right, is_logarithmic: false, marks: linear(right), lines: Vec::new() }
    }

    /// Steps along it are factors. Both ends are more than 0.
    pub(super) fn logarithmic(range: Range<f64>) -> Self {
        let marks = logarithmic(range.start, range.end);
        let lines = within(range.start, range.end, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        Self { range, is_logarithmic: true, marks, lines }
    }

    /// How far along the axis a value is: 0 at its beginning, 1 at its end.
    fn share(&self, value: f64) -> f64 {
        let Range { start, end } = self.range;
        if self.is_logarithmic {
            return (value.max(start) / start).ln() / (end / start).ln();
        }
        (value - start) / (end - start)
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a picture is small")]
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        (f64::from(to - from) * self.share(*value)).round() as i32 + from
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { self.lines.clone() } else { self.marks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

fn logarithmic(bottom: f64, top: f64) -> Vec<f64> {
    let steps: &[f64] = if (top / bottom).log10() <= FEW_DECADES { &[1.0, 2.0, 5.0] } else { &[1.0] };
    within(bottom, top, steps)
}

fn within(bottom: f64, top: f64, steps: &[f64]) -> Vec<f64> {
    let mut decade = 10_f64.powf(bottom.log10().floor());
    let mut marks = Vec::new();
    while decade <= top {
        marks.extend(steps.iter().map(|step| step * decade).filter(|mark| (bottom..=top).contains(mark)));
        decade *= 10.0;
    }
    marks
}

/// At most seven.
fn linear(right: f64) -> Vec<f64> {
    let decade = 10_f64.powf((right / 6.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    let step = steps.into_iter().find(|step| right / step < 7.0).unwrap_or(right);
    (0..=6).map(|number| f64::from(number) * step).take_while(|mark| *mark <= right).collect()
}

fn measured(places: impl Iterator<Item = f64>, right: f64) -> Option<Vec<f64>> {
    let mut marks: Vec<f64> = places.collect();
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    let is_apart = marks.windows(2).all(|pair| pair[1] - pair[0] >= right * APART);
    (!marks.is_empty() && marks.len() <= FEW && is_apart).then_some(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_decades_are_marked_between_and_many_are_not() {
        assert_eq!(logarithmic(15.0, 400.0), [20.0, 50.0, 100.0, 200.0]);
        assert_eq!(logarithmic(0.9, 5_000.0), [1.0, 10.0, 100.0, 1_000.0]);
        assert_eq!(Axis::logarithmic(80.0..250.0).lines, [80.0, 90.0, 100.0, 200.0]);
    }

    #[test]
    fn a_factor_is_a_step_and_what_is_nothing_is_at_the_bottom() {
        let axis = Axis::logarithmic(1.0..100.0);
        assert_eq!([0.0, 1.0, 10.0, 100.0].map(|value| axis.map(&value, (200, 0))), [200, 200, 100, 0]);
        let axis = Axis::linear(100.0);
        assert_eq!([0.0, 25.0, 100.0].map(|value| axis.map(&value, (10, 50))), [10, 20, 50]);
    }

    #[test]
    fn an_axis_has_few_round_marks() {
        assert_eq!(linear(10.5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear(9_700.0), [0.0, 2_000.0, 4_000.0, 6_000.0, 8_000.0]);
        assert_eq!(linear(65.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    }

    #[test]
    fn places_are_marked_where_their_labels_have_room() {
        assert_eq!(
            measured([256.0, 64.0, 1_000.0, 64.0].into_iter(), 1_050.0),
            Some(vec![64.0, 256.0, 1_000.0])
        );
        assert_eq!(measured([1.0, 2.0, 100.0].into_iter(), 105.0), None, "1 and 2 would be one on the other");
        assert_eq!(measured((0..9).map(f64::from), 9.0), None, "too many");
        assert_eq!(measured(std::iter::empty(), 1.0), None);
    }
}
