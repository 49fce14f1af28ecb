//! What was used last. With thousands of accounts, an instance keeps what it needs for those that it hears of most.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

/// Values by key. If there are too many, the one that was not used for the longest time is dropped.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    at_most: usize,
    values: RefCell<Uses<K, V>>,
}

#[derive(Debug)]
struct Uses<K, V> {
    /// The number of the next use.
    next: u64,
    values: HashMap<K, (u64, V)>,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    pub(super) fn new(at_most: usize) -> Self {
        Self { at_most, values: RefCell::new(Uses { next: 0, values: HashMap::new() }) }
    }

    /// The value; a new one, if there is none that is still `good`.
    pub(super) fn get_or(&self, key: &K, good: impl Fn(&V) -> bool, make: impl FnOnce() -> V) -> V {
        let mut uses = self.values.borrow_mut();
        uses.next += 1;
        let now = uses.next;
        if let Some((used, value)) = uses.values.get_mut(key).filter(|(_, value)| good(value)) {
            *used = now;
            return value.clone();
        }
        if uses.values.len() >= self.at_most && !uses.values.contains_key(key) {
            let oldest = uses.values.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| uses.values.remove(&oldest));
        }
        let value = make();
        uses.values.insert(key.clone(), (now, value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_dropped() {
        let recent = Recent::new(2);
        let get = |key: u8, made: u8| recent.get_or(&key, |_| true, || made);
        assert_eq!((get(1, 10), get(2, 20), get(1, 11)), (10, 20, 10));
        assert_eq!(get(3, 30), 30, "2 is dropped");
        assert_eq!((get(1, 12), get(2, 21)), (10, 21), "3 is dropped");
        assert_eq!((get(3, 31), recent.values.borrow().values.len()), (31, 2));
    }

    #[test]
    fn a_value_that_is_not_good_any_more_is_made_again() {
        let recent = Recent::new(2);
        recent.get_or(&1, |_| true, || 10);
        assert_eq!(recent.get_or(&1, |value| *value != 10, || 11), 11);
        assert_eq!(recent.get_or(&1, |_| true, || 12), 11);
    }
}
