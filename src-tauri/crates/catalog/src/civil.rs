//! Dates of the proleptic Gregorian calendar over the whole range of PostgreSQL, far beyond what calendars in
//! libraries reach (4713 BC to 5874897 AD), and their exact text.

/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Returns year (astronomical: 0 is 1 BC), month and day of a day counted from 1970-01-01.
#[must_use]
pub fn date_of_days(days: i64) -> (i64, u32, u32) {
    // Days since 0000-03-01, in eras of 400 years; a year that begins in March ends with its leap day.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month.unsigned_abs().try_into().unwrap_or(0), day.unsigned_abs().try_into().unwrap_or(0))
}

/// Returns the day, counted from 1970-01-01, of an astronomical year, a month (1–12) and a day of the month.
#[must_use]
pub fn days_of_date(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns the number of days of a month of an astronomical year.
#[must_use]
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Splits a year into the digits PostgreSQL prints and whether ` BC` follows.
fn printed_year(year: i64) -> (i64, &'static str) {
    if year <= 0 { (1 - year, " BC") } else { (year, "") }
}

/// Writes a day as PostgreSQL's ISO style does: `2024-02-29`, `0044-03-15 BC`.
#[must_use]
pub fn date_text(days: i64) -> String {
    let (year, month, day) = date_of_days(days);
    let (year, era) = printed_year(year);
    format!("{year:04}-{month:02}-{day:02}{era}")
}

/// Writes microseconds of a day as `hh:mm:ss[.ffffff]`, without trailing zeros; 24:00:00 is a time of its own.
#[must_use]
pub fn time_text(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        text.push('.');
        text.push_str(format!("{fraction:06}").trim_end_matches('0'));
    }
    text
}

/// Writes microseconds since 1970-01-01 as `2024-02-29 12:00:00.5`, followed by `zone` and, before the year 1, ` BC`.
#[must_use]
pub fn timestamp_text(micros: i64, zone: &str) -> String {
    let days = micros.div_euclid(MICROS_PER_DAY);
    let (year, month, day) = date_of_days(days);
    let (year, era) = printed_year(year);
    let time = time_text(micros.rem_euclid(MICROS_PER_DAY));
    format!("{year:04}-{month:02}-{day:02} {time}{zone}{era}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        assert_eq!(date_text(0), "1970-01-01");
        assert_eq!(date_text(11_016), "2000-02-29");
        assert_eq!(date_text(days_of_date(-43, 3, 15)), "0044-03-15 BC");
        assert_eq!(date_text(days_of_date(-4712, 1, 1)), "4713-01-01 BC");
        assert_eq!(date_text(days_of_date(5_874_897, 12, 31)), "5874897-12-31");
        assert_eq!(timestamp_text(-1, "+00"), "1969-12-31 23:59:59.999999+00");
        assert_eq!(time_text(MICROS_PER_DAY), "24:00:00");
    }

    proptest! {
        #[test]
        fn a_day_and_its_date_are_one_to_one(days in -2_500_000_i64..2_150_000_000) {
            let (year, month, day) = date_of_days(days);
            prop_assert!((1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month));
            prop_assert_eq!(days_of_date(year, month, day), days);
        }
    }
}
