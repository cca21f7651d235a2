//! The functions that make one number of a series of frames.

use crate::scoring::interval::Interval;
use crate::scoring::signals::Signals;
use crate::scoring::vocabulary::{Read, Signal};

/// Most frames that one examination looks at.
pub const MOST_FRAMES: f64 = 64.0;

/// What a function makes of a series; its number stands in the rule file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Mean,
    Median,
    Min,
    Max,
    Quantile(f64),
    ShareAbove(f64),
    LongestRunBelow(f64),
    Spread,
    Count,
}

/// What a function takes beside the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    None,
    /// A number from 0 to 1.
    Share,
    /// A number within the range of the series.
    Value,
}

impl Argument {
    /// What it is, or `None` where there is none.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Share => Some("p: a number from 0 to 1"),
            Self::Value => Some("x: a number within the range of the signal"),
        }
    }
}

/// What the documentation says of a function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionFacts {
    pub name: &'static str,
    pub argument: Argument,
    pub meaning: &'static str,
    make: fn(f64) -> Function,
}

/// Every function, in the order of the documentation.
pub static FUNCTIONS: [FunctionFacts; 9] = [
    FunctionFacts {
        name: "mean",
        argument: Argument::None,
        meaning: "the mean of the frames' values",
        make: |_| Function::Mean,
    },
    FunctionFacts {
        name: "median",
        argument: Argument::None,
        meaning: "the middle value; of an even number of frames the mean of the middle two",
        make: |_| Function::Median,
    },
    FunctionFacts {
        name: "min",
        argument: Argument::None,
        meaning: "the lowest value",
        make: |_| Function::Min,
    },
    FunctionFacts {
        name: "max",
        argument: Argument::None,
        meaning: "the highest value",
        make: |_| Function::Max,
    },
    FunctionFacts {
        name: "quantile",
        argument: Argument::Share,
        meaning: "the value below which the share p of the frames lies, between two frames in proportion; \
            quantile(0.5) is the median",
        make: Function::Quantile,
    },
    FunctionFacts {
        name: "share_above",
        argument: Argument::Value,
        meaning: "the share of the frames whose value is x or more",
        make: Function::ShareAbove,
    },
    FunctionFacts {
        name: "longest_run_below",
        argument: Argument::Value,
        meaning: "the most frames in a row whose value is less than x",
        make: Function::LongestRunBelow,
    },
    FunctionFacts {
        name: "spread",
        argument: Argument::None,
        meaning: "the highest value minus the lowest",
        make: |_| Function::Spread,
    },
    FunctionFacts {
        name: "count",
        argument: Argument::None,
        meaning: "how many frames have a value",
        make: |_| Function::Count,
    },
];

impl FunctionFacts {
    /// The function with its number; without one where it takes none.
    pub fn with(&self, argument: f64) -> Function {
        (self.make)(argument)
    }

    /// How it is called: `quantile(p)`.
    pub fn call(&self) -> String {
        let argument = match self.argument {
            Argument::None => "",
            Argument::Share => "p",
            Argument::Value => "x",
        };
        format!("{}({argument})", self.name)
    }
}

impl Function {
    /// How the call is written after the series: `quantile(0.1)`.
    pub fn written(self) -> String {
        match self {
            Self::Mean => "mean()".to_owned(),
            Self::Median => "median()".to_owned(),
            Self::Min => "min()".to_owned(),
            Self::Max => "max()".to_owned(),
            Self::Quantile(p) => format!("quantile({p})"),
            Self::ShareAbove(x) => format!("share_above({x})"),
            Self::LongestRunBelow(x) => format!("longest_run_below({x})"),
            Self::Spread => "spread()".to_owned(),
            Self::Count => "count()".to_owned(),
        }
    }

    /// The numbers that it may come to over a series of that range.
    pub fn range(self, series: Interval) -> Interval {
        match self {
            Self::Mean | Self::Median | Self::Min | Self::Max | Self::Quantile(_) => series,
            Self::ShareAbove(_) => Interval::new(0.0, 1.0),
            Self::LongestRunBelow(_) | Self::Count => Interval::new(0.0, MOST_FRAMES),
            Self::Spread => Interval::new(0.0, series.high - series.low),
        }
    }

    /// What it makes of these values, or `None` where they do not say.
    pub fn of(self, values: &[f64]) -> Option<f64> {
        match self {
            Self::Mean => mean(values),
            Self::Median => median(values),
            Self::Min => values.iter().copied().min_by(f64::total_cmp),
            Self::Max => values.iter().copied().max_by(f64::total_cmp),
            Self::Quantile(share) => quantile(values, share),
            Self::ShareAbove(bound) => share_above(values, bound),
            Self::LongestRunBelow(bound) => longest_run_below(values, bound),
            Self::Spread => Some(Self::Max.of(values)? - Self::Min.of(values)?),
            Self::Count => Some(values.len() as f64),
        }
    }

    /// What it makes of that series of an examination, or `None` where nothing was measured.
    pub fn over(self, series: &Signal, signals: &Signals) -> Option<f64> {
        let Read::Frames { values, of_none } = series.read else {
            return None;
        };
        let values = values(signals)?;
        // One value that is no number makes the series say nothing.
        if !values.iter().all(|value| value.is_finite()) {
            return None;
        }
        self.of(values).or_else(|| self.of_no_frame(of_none?))
    }

    /// What it is taken for over no frame at all, where the series has such a value.
    fn of_no_frame(self, value: f64) -> Option<f64> {
        match self {
            Self::Mean
            | Self::Median
            | Self::Min
            | Self::Max
            | Self::Quantile(_)
            | Self::ShareAbove(_)
            | Self::Count => Some(value),
            // Nothing differs and nothing lasts where there is nothing.
            Self::LongestRunBelow(_) | Self::Spread => None,
        }
    }
}

/// The mean, of one value or more.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The middle of the values, the mean of the middle two when their number is even.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let sorted = sorted(values);
    let place = share * sorted.len().checked_sub(1)? as f64;
    let lower = *sorted.get(place.floor() as usize)?;
    let upper = *sorted.get(place.ceil() as usize)?;
    let above = place - place.floor();
    // Weighed in this way a higher value never gives a lower quantile, rounding included; the clamp
    // keeps equal values what they are.
    Some((lower * (1.0 - above) + upper * above).clamp(lower, upper))
}

fn share_above(values: &[f64], bound: f64) -> Option<f64> {
    let above = values.iter().filter(|value| **value >= bound).count();
    (!values.is_empty()).then(|| above as f64 / values.len() as f64)
}

fn longest_run_below(values: &[f64], bound: f64) -> Option<f64> {
    let longest = values
        .split(|value| *value >= bound)
        .map(<[f64]>::len)
        .max()?;
    (!values.is_empty()).then_some(longest as f64)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 4] = [90.0, 70.0, 60.0, 80.0];

    #[test]
    fn every_function_is_what_its_name_says() {
        for (function, expected) in [
            (Function::Mean, 75.0),
            (Function::Median, 75.0),
            (Function::Min, 60.0),
            (Function::Max, 90.0),
            (Function::Quantile(0.0), 60.0),
            (Function::Quantile(0.5), 75.0),
            (Function::Quantile(0.1), 63.0),
            (Function::Quantile(1.0), 90.0),
            (Function::ShareAbove(70.0), 0.75),
            (Function::LongestRunBelow(80.0), 2.0),
            (Function::LongestRunBelow(10.0), 0.0),
            (Function::Spread, 30.0),
            (Function::Count, 4.0),
        ] {
            let found = function.of(&VALUES).unwrap();
            assert!((found - expected).abs() < 1e-9, "{function:?}: {found}");
        }
        assert_eq!(Function::Quantile(0.3).of(&[80.0, 80.0, 80.0]), Some(80.0));
    }

    #[test]
    fn over_no_value_only_the_count_says_something() {
        for facts in &FUNCTIONS {
            let function = facts.with(0.5);
            let expected = (function == Function::Count).then_some(0.0);
            assert_eq!(function.of(&[]), expected, "{}", facts.name);
        }
    }

    #[test]
    fn every_function_is_written_as_the_table_calls_it() {
        for facts in &FUNCTIONS {
            let call = facts.call().replace("(p)", "(0.5)").replace("(x)", "(0.5)");
            assert_eq!(facts.with(0.5).written(), call);
        }
    }
}
