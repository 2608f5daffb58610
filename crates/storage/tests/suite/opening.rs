//! Opening a database.

use std::time::Duration;

use chrono::DateTime;
use conductor_domain::FixedClock;
use conductor_storage::OpenOptions;
use conductor_test_support::TestDb;

/// Migrations take longer than that, as they do on a large database, and whoever holds their lock says nothing meanwhile.
#[tokio::test]
async fn migrations_may_take_longer_than_a_server_may_be_silent() {
    let database = TestDb::postgres();
    let clock = FixedClock::at(DateTime::UNIX_EPOCH);
    let options = OpenOptions { silence: Duration::from_millis(1), ..OpenOptions::new(database.url()) };
    options.open(clock).await.unwrap();
}
