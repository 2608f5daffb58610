//! Money as the ledger keeps it: billionths of a currency's unit.

/// A decimal amount, such as `0.0042`, in billionths. What is finer is cut off.
pub(crate) fn to_nanos(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let whole: i64 = whole.parse().unwrap_or(0);
    whole.saturating_mul(1_000_000_000).saturating_add(digits.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::to_nanos;

    #[test]
    fn amounts_become_billionths() {
        for (amount, nanos) in [("0", 0), ("0.0042", 4_200_000), ("3", 3_000_000_000), ("0.0000000019", 1)] {
            assert_eq!(to_nanos(amount), nanos, "{amount}");
        }
    }
}
