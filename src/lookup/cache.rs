//! The cache of a warm function. Its values are kept for some minutes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;
use tokio::time::Instant;

/// Values by key, each kept for the same time.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    kept_for: Duration,
    at_most: usize,
    values: RefCell<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// Keeps at most `at_most` values, each for `kept_for`.
    pub(super) fn new(kept_for: Duration, at_most: usize) -> Self {
        Self { kept_for, at_most, values: RefCell::default() }
    }

    /// The value, unless it is too old.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let values = self.values.borrow();
        let (since, value) = values.get(key)?;
        (since.elapsed() < self.kept_for).then(|| value.clone())
    }

    /// Stores a value. In a full cache, expired values are removed first; if none is expired, all values are removed.
    pub(super) fn put(&self, key: K, value: V) {
        let mut values = self.values.borrow_mut();
        if values.len() >= self.at_most {
            values.retain(|_, (since, _)| since.elapsed() < self.kept_for);
            if values.len() >= self.at_most {
                values.clear();
            }
        }
        values.insert(key, (Instant::now(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn values_expire_and_their_number_is_limited() {
        let cache = Cache::new(Duration::from_mins(5), 2);
        cache.put("a", 1);
        assert_eq!(cache.get(&"a"), Some(1));
        tokio::time::advance(Duration::from_secs(299)).await;
        cache.put("b", 2);
        assert_eq!((cache.get(&"a"), cache.get(&"b")), (Some(1), Some(2)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cache.get(&"a"), None);
        cache.put("c", 3);
        assert_eq!((cache.get(&"b"), cache.get(&"c")), (Some(2), Some(3)));
        cache.put("d", 4);
        assert_eq!((cache.get(&"c"), cache.get(&"d")), (None, Some(4)));
    }
}
