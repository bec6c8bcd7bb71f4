//! Numbers as people read them: three digits and a unit. The only place of the page that turns a figure into text.

/// What stands where there is no figure.
pub const NONE: &str = "–";

/// A rate per second: "98.4 k/s", "310/s", "0.5/s".
pub fn rate(per_second: f64) -> String {
    let (number, scale) = scaled(per_second);
    if scale.is_empty() { format!("{number}/s") } else { format!("{number} {scale}/s") }
}

/// A rate's number alone, for where the unit stands beside it: "98.4 k".
pub fn rate_number(per_second: f64) -> String {
    let (number, scale) = scaled(per_second);
    if scale.is_empty() { number } else { format!("{number} {scale}") }
}

/// A rate as a document writes it, to two digits: "98k/s".
pub fn rate_written(per_second: f64) -> String {
    let power = 10f64.powf(per_second.log10().floor() - 1.0);
    let rounded = (per_second / power).round() * power;
    let (number, scale) = match rounded {
        r if r >= 1e6 => (r / 1e6, "M"),
        r if r >= 1e3 => (r / 1e3, "k"),
        r => (r, ""),
    };
    // Rounding to six decimals takes away what binary fractions add.
    format!("{}{scale}/s", (number * 1e6).round() / 1e6)
}

fn scaled(value: f64) -> (String, &'static str) {
    match value {
        v if v >= 999.5e3 => (three(v / 1e6), "M"),
        v if v >= 999.5 => (three(v / 1e3), "k"),
        v => (three(v), ""),
    }
}

/// A length of time in seconds: "142 ms", "0.62 ms", "1.9 s", "12 µs", "3.2 min".
pub fn seconds(seconds: f64) -> String {
    let (number, unit) = match seconds {
        s if s >= 99.95 => (s / 60.0, "min"),
        s if s >= 0.9995 => (s, "s"),
        s if s >= 0.000_1 => (s * 1e3, "ms"),
        s if s > 0.0 => (s * 1e6, "µs"),
        _ => return "0 ms".to_owned(),
    };
    format!("{} {unit}", three(number))
}

/// The half-width of an interval around `value`, in the unit that `value` is shown in, without the unit: "± 3".
pub fn half_width(value: f64, half_width: f64) -> String {
    let scale = match value {
        s if s >= 99.95 => 1.0 / 60.0,
        s if s >= 0.9995 => 1.0,
        s if s >= 0.000_1 => 1e3,
        _ => 1e6,
    };
    let number = half_width * scale;
    if number >= 9.95 { format!("± {number:.0}") } else { format!("± {}", two(number)) }
}

/// A share in [0, 1]: "88.4 %", "0.02 %", "0 %".
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        v if v <= 0.0 => "0 %".to_owned(),
        v if v < 0.005 => "< 0.01 %".to_owned(),
        v if v < 0.995 => format!("{} %", trimmed(format!("{v:.2}"))),
        // 99.96 % must not read as all.
        v if v > 99.9 && v < 100.0 => "> 99.9 %".to_owned(),
        v => format!("{} %", trimmed(format!("{v:.1}"))),
    }
}

/// A share in whole percent: "72 %".
pub fn percent_whole(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Dollars: "$584", "$12,340", "$0.42".
pub fn dollars(amount: f64) -> String {
    if amount.abs() < 9.995 { format!("${amount:.2}") } else { format!("${}", count(amount.round() as u64)) }
}

/// An amount of something: "0.62", "62", "11,680".
pub fn amount(amount: f64) -> String {
    if amount >= 999.5 { count(amount.round() as u64) } else { three(amount) }
}

/// How much one figure is off another, signed: "+6.7 %", "−8.8 %".
pub fn change(share: f64) -> String {
    let value = share * 100.0;
    let number =
        if value.abs() >= 99.95 { format!("{:.0}", value.abs()) } else { format!("{:.1}", value.abs()) };
    let sign = match value {
        v if number == "0.0" || v.is_nan() => "",
        v if v < 0.0 => "−",
        _ => "+",
    };
    format!("{sign}{number} %")
}

/// A whole number: "1,204".
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An instant of a run: "02:14", past an hour "1:02:14".
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// A value on an axis of time, in the unit that the axis's largest value asks for.
pub fn axis_seconds(value: f64, largest: f64) -> String {
    let (scale, unit) = match largest {
        m if m >= 2.0 => (1.0, "s"),
        m if m >= 0.002 => (1e3, "ms"),
        _ => (1e6, "µs"),
    };
    format!("{} {unit}", trimmed(format!("{:.2}", value * scale)))
}

/// A value on an axis of rates, without the unit.
pub fn axis_rate(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{} M", trimmed(format!("{:.2}", v / 1e6))),
        v if v >= 1e3 => format!("{} k", trimmed(format!("{:.2}", v / 1e3))),
        v => trimmed(format!("{v:.2}")),
    }
}

/// Three digits at least, as a person would round: 0.62, 6.2, 62, 620; zero is "0".
fn three(value: f64) -> String {
    match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => trimmed(format!("{v:.1}")),
        v => trimmed(format!("{v:.2}")),
    }
}

fn two(value: f64) -> String {
    let digits = if value >= 0.995 { 1 } else { 2 };
    trimmed(format!("{value:.digits$}"))
}

/// Without the zeros at the end of a fraction.
fn trimmed(number: String) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_three_digits_and_a_unit() {
        let told: Vec<String> =
            [0.0, 0.5, 310.0, 999.6, 1_000.0, 4_100.0, 98_432.0, 999_600.0, 1.5e6].map(rate).into();
        assert_eq!(
            told,
            ["0/s", "0.5/s", "310/s", "1 k/s", "1 k/s", "4.1 k/s", "98.4 k/s", "1 M/s", "1.5 M/s"]
        );
    }

    #[test]
    fn a_rate_is_written_as_core_reads_it() {
        for value in [0.37, 1.0, 12.0, 98.4, 123.0, 400.0, 1_234.0, 98_432.0, 3.3e6, 9.99e6] {
            let text = rate_written(value);
            let read = loadpath_core::topology::parse_rate(&text).unwrap();
            assert!((read / value - 1.0).abs() < 0.051, "{value}: {text}");
        }
        assert_eq!(rate_written(98_432.0), "98k/s");
    }

    #[test]
    fn lengths_of_time_choose_their_unit() {
        let told: Vec<String> =
            [0.0, 12e-6, 0.000_62, 0.001_1, 0.142, 0.9999, 1.9, 59.0, 192.0].map(seconds).into();
        assert_eq!(told, ["0 ms", "12 µs", "0.62 ms", "1.1 ms", "142 ms", "1 s", "1.9 s", "59 s", "3.2 min"]);
    }

    #[test]
    fn an_interval_is_told_in_the_unit_of_its_value() {
        assert_eq!(half_width(0.142, 0.003), "± 3");
        assert_eq!(half_width(1.9, 0.25), "± 0.25");
        assert_eq!(half_width(0.050, 0.0123), "± 12");
    }

    #[test]
    fn a_few_errors_never_read_as_none_and_a_few_misses_never_as_all() {
        let told: Vec<String> = [0.0, 1e-6, 0.0002, 0.0123, 0.884, 0.9996, 1.0].map(percent).into();
        assert_eq!(told, ["0 %", "< 0.01 %", "0.02 %", "1.2 %", "88.4 %", "> 99.9 %", "100 %"]);
    }

    #[test]
    fn changes_are_signed_and_counts_are_grouped() {
        assert_eq!(change(-0.067), "−6.7 %");
        assert_eq!(change(0.001), "+0.1 %");
        assert_eq!(change(0.0), "0.0 %");
        assert_eq!([0, 999, 1_204, 1_234_567].map(count), ["0", "999", "1,204", "1,234,567"]);
    }

    #[test]
    fn dollars_have_cents_only_where_they_are_few() {
        assert_eq!([0.416, 12.4, 584.0, 12_340.2].map(dollars), ["$0.42", "$12", "$584", "$12,340"]);
        assert_eq!([0.618, 62.0, 11_680.0].map(amount), ["0.62", "62", "11,680"]);
    }

    #[test]
    fn the_clock_counts_minutes_then_hours() {
        assert_eq!([0.0, 134.9, 3_734.0].map(clock), ["00:00", "02:14", "1:02:14"]);
    }
}
