//! The extension members of a status, each name once.

use std::{borrow::Cow, collections::HashSet, hash::BuildHasher};

use serde_json::Value;
use smallvec::SmallVec;

/// In the order in which they were set.
#[derive(Clone, Default)]
pub(super) struct Members {
    list: SmallVec<[(Cow<'static, str>, Value); 2]>,
    /// The hashes of all names, where there are many.
    hashes: Option<HashSet<u64>>,
    /// The names of the public members: those that a hidden 5xx shows. Most statuses have none.
    public: Vec<Cow<'static, str>>,
}

/// So few names are compared faster than hashed.
const FEW: usize = 64;

impl Members {
    pub(super) fn all(&self) -> &[(Cow<'static, str>, Value)] {
        &self.list
    }

    /// Adds a member, or replaces that of its name.
    pub(super) fn set(&mut self, name: Cow<'static, str>, value: Value) {
        match self.find(&name) {
            Some((_, old)) => *old = value,
            None => self.list.push((name, value)),
        }
    }

    /// Shows the member also on a 5xx whose detail is hidden, or not.
    pub(super) fn set_public(&mut self, name: &str, is_public: bool) {
        self.public.retain(|known| known != name);
        if is_public {
            self.public.push(name.to_owned().into());
        }
    }

    /// Removes all members but the public ones.
    pub(super) fn retain_public(&mut self) {
        self.hashes = None;
        self.list.retain(|(name, _)| self.public.contains(name));
    }

    /// Adds those whose names do not stand yet.
    pub(super) fn complete(&mut self, others: &Self) {
        for (name, value) in &others.list {
            if self.find(name).is_none() {
                self.list.push((name.clone(), value.clone()));
                if others.public.contains(name) {
                    self.public.push(name.clone());
                }
            }
        }
    }

    /// The member of a name; where there is none, one is expected to follow.
    fn find(&mut self, name: &str) -> Option<&mut (Cow<'static, str>, Value)> {
        if self.list.len() >= FEW && self.is_new(name) {
            return None;
        }
        self.list.iter_mut().find(|(known, _)| known == name)
    }

    /// Whether it is certain that no member has this name; from now on one has.
    #[cold]
    fn is_new(&mut self, name: &str) -> bool {
        let hashes = self.hashes.get_or_insert_with(|| {
            let mut hashes = HashSet::with_capacity(2 * FEW);
            for (name, _) in &self.list {
                let hash = hashes.hasher().hash_one(&**name);
                hashes.insert(hash);
            }
            hashes
        });
        let hash = hashes.hasher().hash_one(name);
        hashes.insert(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once_in_the_order_of_the_first() {
        for count in [1, FEW - 1, FEW, FEW + 1, 1_000] {
            let mut members = Members::default();
            for (round, number) in (0..2).flat_map(|round| (0..count).map(move |number| (round, number))) {
                members.set(format!("name {number}").into(), Value::from(round));
            }
            let mut others = Members::default();
            for number in [0, count] {
                others.set(format!("name {number}").into(), Value::from(2));
            }
            members.complete(&others);
            let expected: Vec<_> = (0..=count)
                .map(|number| (format!("name {number}").into(), Value::from(if number < count { 1 } else { 2 })))
                .collect();
            assert_eq!(members.all(), expected);
        }
    }

    #[test]
    fn only_public_members_are_retained() {
        let mut members = Members::default();
        for (name, is_public) in [("a", true), ("b", false), ("c", true), ("a", false), ("b", true)] {
            members.set(name.into(), Value::from(name));
            members.set_public(name, is_public);
        }
        let mut outer = Members::default();
        for (name, is_public) in [("a", true), ("d", true), ("e", false)] {
            outer.set(name.into(), Value::from("outer"));
            outer.set_public(name, is_public);
        }
        members.complete(&outer);
        members.retain_public();
        let expected = [("b", "b"), ("c", "c"), ("d", "outer")].map(|(name, value)| (name.into(), Value::from(value)));
        assert_eq!(members.all(), expected);
    }
}
