//! Which count does a text mean? Programs write it with signs between thousands, zeros behind a point, or as a float.

/// A count such as `1200`, `12.0`, `1.2e3`, or with signs between its thousands.
pub(super) fn count(text: &str, thousands: Option<char>) -> Option<u64> {
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let is_nothing = |fraction: &str| fraction.bytes().all(|byte| byte == b'0');
    if let Some(sign) = thousands {
        let point = if sign == '.' { ',' } else { '.' };
        let whole = text.rsplit_once(point);
        let whole = whole.filter(|(_, fraction)| fraction.len() <= 2 && is_nothing(fraction));
        let mut groups = whole.map_or(text, |(whole, _)| whole).split(sign);
        let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
        let grouped =
            groups.try_fold(first.to_owned(), |all, group| (group.len() == 3).then(|| all + group));
        return grouped?.parse().ok();
    }
    // A sign before three digits could stand between thousands.
    let cut =
        |sign| text.split_once(sign).filter(|(_, fraction): &(&str, &str)| fraction.len() != 3);
    let whole = cut('.').or_else(|| cut(',')).filter(|(_, fraction)| is_nothing(fraction));
    if let Some((whole, _)) = whole {
        return whole.parse().ok();
    }
    let number = text.contains(['e', 'E']).then(|| text.parse::<f64>().ok()).flatten()?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "just seen to be a whole number that a float holds exactly"
    )]
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}
