//! What is measured, what is asked of it, and the table of both.

use std::collections::BTreeMap;

/// Something that is measured once a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    DeliveriesToOne,
    DeliveriesToTen,
    CpuToOne,
    CpuToTen,
    PublishesAt16,
    PublishesAt64,
    LatencyP50,
    LatencyP99,
    Rss,
    PeakRss,
    Pss,
    ShareBesideSilent,
    LatencyBesideSilent,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// At least this part of the ceiling's.
    RatioAtLeast(f64),
    /// At most so many times the ceiling's.
    RatioAtMost(f64),
    AtLeast(f64),
    Below(f64),
    None,
}

const ROWS: [(Figure, &str, Target); 13] = [
    (
        Figure::DeliveriesToOne,
        "deliveries/s, 1 endpoint",
        Target::RatioAtLeast(0.5),
    ),
    (
        Figure::DeliveriesToTen,
        "deliveries/s, 10 endpoints",
        Target::None,
    ),
    (
        Figure::CpuToOne,
        "CPU s/1000 deliveries, 1 endpoint",
        Target::RatioAtMost(2.5),
    ),
    (
        Figure::CpuToTen,
        "CPU s/1000 deliveries, 10 endpoints",
        Target::None,
    ),
    (
        Figure::PublishesAt16,
        "acknowledged publishes/s, c=16",
        Target::None,
    ),
    (
        Figure::PublishesAt64,
        "acknowledged publishes/s, c=64",
        Target::None,
    ),
    (
        Figure::LatencyP50,
        "created to received at 50/s, p50 ms",
        Target::RatioAtMost(2.0),
    ),
    (
        Figure::LatencyP99,
        "created to received at 50/s, p99 ms",
        Target::None,
    ),
    (
        Figure::Rss,
        "RSS after 20,000 messages, MiB",
        Target::Below(64.0),
    ),
    (Figure::PeakRss, "highest RSS until then, MiB", Target::None),
    (Figure::Pss, "PSS after 20,000 messages, MiB", Target::None),
    (
        Figure::ShareBesideSilent,
        "rate beside a silent one / alone",
        Target::AtLeast(0.8),
    ),
    (
        Figure::LatencyBesideSilent,
        "p99 beside a silent one, ms",
        Target::Below(1000.0),
    ),
];

/// Figures of one contender, round by round.
#[derive(Debug, Default)]
pub(crate) struct Figures(BTreeMap<Figure, Vec<f64>>);

impl Figures {
    pub(crate) fn add(&mut self, figure: Figure, value: f64) {
        self.0.entry(figure).or_default().push(value);
    }

    fn median(&self, figure: Figure) -> Option<f64> {
        median(self.0.get(&figure)?)
    }

    /// The median of the ratios of neighbouring rounds.
    fn ratio(&self, ceiling: &Self, figure: Figure) -> Option<f64> {
        let (ours, theirs) = (self.0.get(&figure)?, ceiling.0.get(&figure)?);
        let ratios: Vec<_> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
        median(&ratios)
    }
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The table of all figures.
pub(crate) fn table(orderhook: &Figures, ceiling: &Figures) -> String {
    let mut table = format!(
        "{:<36} {:>10} {:>10} {:>7}  {:<8} verdict\n",
        "medians", "orderhook", "ceiling", "ratio", "target"
    );
    for (figure, title, target) in ROWS {
        let ours = orderhook.median(figure);
        let ratio = orderhook.ratio(ceiling, figure);
        table += &format!(
            "{title:<36} {:>10} {:>10} {:>7}  {:<8} {}\n",
            shown(ours),
            shown(ceiling.median(figure)),
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            target.shown(),
            target.verdict(ours, ratio),
        );
    }
    table
}

/// Three digits that count.
pub(crate) fn shown(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 1.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.4}"),
    }
}

impl Target {
    fn shown(self) -> String {
        match self {
            Self::RatioAtLeast(least) => format!(">= {least}x"),
            Self::RatioAtMost(most) => format!("<= {most}x"),
            Self::AtLeast(least) => format!(">= {least}"),
            Self::Below(limit) => format!("< {limit}"),
            Self::None => String::new(),
        }
    }

    fn verdict(self, ours: Option<f64>, ratio: Option<f64>) -> &'static str {
        let is_met = match self {
            Self::RatioAtLeast(least) => ratio.map(|ratio| ratio >= least),
            Self::RatioAtMost(most) => ratio.map(|ratio| ratio <= most),
            Self::AtLeast(least) => ours.map(|ours| ours >= least),
            Self::Below(limit) => ours.map(|ours| ours < limit),
            Self::None => return "",
        };
        match is_met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured",
        }
    }
}
