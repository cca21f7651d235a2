//! How often somebody may ask: so many requests a minute after a first burst, for each token and each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::operations::Operations;
use crate::operations::authenticate::Caller;
use crate::operations::error::Error;
use crate::session::time::Timestamp;

/// Tokens and addresses that are remembered at once: some ten megabytes. Beyond it newcomers are not counted, for
/// whoever commands so many addresses is held off by none of this, and nobody else is to pay for it.
const MOST_REMEMBERED: usize = 100_000;

const MINUTE_US: i64 = 60_000_000;

/// The rates that an operator set; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub per_token: u32,
    pub per_address: u32,
    /// Requests that may come at once before the rate counts.
    pub burst: u32,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asker {
    /// A token, or the project that calls without one are bound to.
    Token(Uuid),
    Address(IpAddr),
}

/// When each of them will have paid for what they asked, in microseconds since 1970: the whole memory of a
/// generic cell rate algorithm.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<HashMap<Asker, i64>>>);

impl Operations {
    /// Counts a request of an address, or says after how many seconds it may come again.
    pub fn count_address(&self, address: IpAddr) -> Result<(), Error> {
        let rates = self.settings.rates;
        let asker = Asker::Address(network(address));
        self.ledger
            .count(asker, rates.per_address, rates.burst, self.clock.now())
    }

    /// The same of a caller, by the token that lasts.
    pub(crate) fn count_caller(&self, caller: &Caller) -> Result<(), Error> {
        let rates = self.settings.rates;
        let who = caller.owner().map_or(caller.project.id.0, |token| token.0);
        self.ledger.count(
            Asker::Token(who),
            rates.per_token,
            rates.burst,
            self.clock.now(),
        )
    }
}

impl Ledger {
    fn count(
        &self,
        asker: Asker,
        per_minute: u32,
        burst: u32,
        now: Timestamp,
    ) -> Result<(), Error> {
        if per_minute == 0 {
            return Ok(());
        }
        let now = now.0.saturating_mul(1000);
        let interval = MINUTE_US / i64::from(per_minute);
        let tolerance = interval.saturating_mul(i64::from(burst.max(1)));
        let mut paid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paid.len() >= MOST_REMEMBERED && !paid.contains_key(&asker) {
            paid.retain(|_, paid_at| *paid_at > now);
            if paid.len() >= MOST_REMEMBERED {
                return Ok(());
            }
        }
        // A clock that was put back must not lock anybody out for as long.
        let due = paid.get(&asker).copied().unwrap_or(now);
        let due = due.clamp(now, now.saturating_add(tolerance));
        let next = due.saturating_add(interval);
        let early = next.saturating_sub(now).saturating_sub(tolerance);
        if early > 0 {
            let seconds = early.div_euclid(1_000_000).saturating_add(1);
            return Err(Error::TooOften {
                seconds: u32::try_from(seconds).unwrap_or(60),
            });
        }
        paid.insert(asker, next);
        Ok(())
    }
}

/// What one customer of a provider has to themselves: an IPv4 address, or the first half of an IPv6 one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let first_half = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(first_half))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp(1_700_000_000_000 + milliseconds)
    }

    fn wait(outcome: Result<(), Error>) -> Option<u32> {
        match outcome {
            Ok(()) => None,
            Err(Error::TooOften { seconds }) => Some(seconds),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let ledger = Ledger::default();
        let asker = Asker::Token(Uuid::now_v7());
        let ask = |now| wait(ledger.count(asker, 60, 3, at(now)));
        assert_eq!([ask(0), ask(0), ask(0)], [None; 3]);
        assert_eq!(ask(0), Some(2), "at the earliest after a second");
        assert_eq!(ask(1_000), None);
        assert_eq!(ask(1_000), Some(2));
        assert_eq!([ask(9_000), ask(9_000), ask(9_000)], [None; 3]);
        assert!(ask(9_000).is_some());
    }

    #[test]
    fn nobody_pays_for_another_and_a_clock_put_back_locks_nobody_out() {
        let ledger = Ledger::default();
        let (one, other) = (Asker::Token(Uuid::now_v7()), Asker::Token(Uuid::now_v7()));
        assert_eq!(wait(ledger.count(one, 1, 1, at(3_600_000))), None);
        assert_eq!(wait(ledger.count(other, 1, 1, at(3_600_000))), None);
        assert!(wait(ledger.count(one, 1, 1, at(0))).is_some_and(|seconds| seconds <= 61));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let ledger = Ledger::default();
        for number in 0..(MOST_REMEMBERED as u32 + 500) {
            let address = IpAddr::V4(number.into());
            assert_eq!(
                wait(ledger.count(Asker::Address(address), 1, 1, at(0))),
                None
            );
        }
        assert_eq!(ledger.0.lock().unwrap().len(), MOST_REMEMBERED);
        let late = Asker::Address(IpAddr::V4(u32::MAX.into()));
        assert_eq!(wait(ledger.count(late, 1, 1, at(120_000))), None);
        assert_eq!(
            ledger.0.lock().unwrap().len(),
            1,
            "who has paid is forgotten"
        );
    }

    #[test]
    fn half_an_ipv6_address_is_one_customer() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
