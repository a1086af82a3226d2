//! The extension members of a status, each name once.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

/// The standard members (RFC 9457 §3.1), which an extension member must not shadow.
pub const RESERVED: [&str; 5] = ["type", "title", "status", "detail", "instance"];

/// Members that the layer adds. Where it does, an extension member of that name is not shown.
pub(crate) const ADVICE: &str = "advice";
pub(crate) const REQUEST_ID: &str = "request_id";
pub(crate) const TRACE_ID: &str = "trace_id";
pub(crate) const DEBUG: &str = "debug";

/// From this number on, a new name is looked up in a set. Below it, comparing it with each name is cheaper.
const MANY: usize = 32;

/// The public members and then the others, each group in the order in which they were set.
#[derive(Clone, Default)]
pub(super) struct Members {
    list: Vec<(Cow<'static, str>, Value)>,
    /// How many members are public: those that a hidden 5xx shows.
    public: usize,
    /// The names, if there were many when the last one was added.
    names: Option<HashSet<String>>,
}

impl Members {
    pub(super) fn all(&self) -> &[(Cow<'static, str>, Value)] {
        &self.list
    }

    /// Returns the members that a hidden 5xx shows.
    pub(super) fn public(&self) -> &[(Cow<'static, str>, Value)] {
        self.list.get(..self.public).unwrap_or_default()
    }

    /// Adds a member, or replaces the one with its name.
    pub(super) fn set(&mut self, name: Cow<'static, str>, value: Value, is_public: bool) {
        match self.position(&name) {
            Some(position) if (position < self.public) == is_public => {
                if let Some((_, old)) = self.list.get_mut(position) {
                    *old = value;
                }
                return;
            }
            Some(position) => {
                self.list.remove(position);
                self.public -= usize::from(position < self.public);
            }
            None => {}
        }
        self.add(name, value, is_public);
    }

    fn add(&mut self, name: Cow<'static, str>, value: Value, is_public: bool) {
        if is_public {
            self.list.insert(self.public, (name, value));
            self.public += 1;
        } else {
            self.list.push((name, value));
        }
    }

    /// Removes all members but the public ones.
    pub(super) fn retain_public(&mut self) {
        self.list.truncate(self.public);
        self.names = None;
    }

    /// Adds the members of `others` whose names are new.
    pub(super) fn complete(&mut self, others: &Self) {
        for (position, (name, value)) in others.list.iter().enumerate() {
            if self.position(name).is_none() {
                self.add(name.clone(), value.clone(), position < others.public);
            }
        }
    }

    /// Returns where the member of this name is. If there is none, the caller adds it.
    fn position(&mut self, name: &str) -> Option<usize> {
        if self.list.len() >= MANY && self.is_new(name) {
            return None;
        }
        self.list.iter().position(|(known, _)| known == name)
    }

    /// Adds a name to the set. Returns whether it was not in it.
    #[inline(never)]
    fn is_new(&mut self, name: &str) -> bool {
        let names = || self.list.iter().map(|(known, _)| known.to_string()).collect();
        self.names.get_or_insert_with(names).insert(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once_in_the_order_of_the_first() {
        for count in [1, 2, 100] {
            let mut members = Members::default();
            for (round, number) in (0..2).flat_map(|round| (0..count).map(move |number| (round, number))) {
                members.set(format!("name {number}").into(), Value::from(round), false);
            }
            let mut others = Members::default();
            for number in [0, count] {
                others.set(format!("name {number}").into(), Value::from(2), false);
            }
            members.complete(&others);
            let expected: Vec<_> = (0..=count)
                .map(|number| (format!("name {number}").into(), Value::from(if number < count { 1 } else { 2 })))
                .collect();
            assert_eq!(members.all(), expected);
        }
    }

    #[test]
    fn many_names_stay_unique_after_members_were_removed() {
        let names = |prefix| (0..2 * MANY).map(move |number| Cow::from(format!("{prefix} {number}")));
        let mut members = Members::default();
        names("old").for_each(|name| members.set(name, Value::Null, false));
        members.retain_public();
        for is_public in [false, true, true] {
            names("new").for_each(|name| members.set(name, Value::from(is_public), is_public));
            let expected: Vec<_> = names("new").map(|name| (name, Value::from(is_public))).collect();
            assert_eq!((members.all(), members.public()), (&*expected, if is_public { &*expected } else { &[] }));
        }
    }

    #[test]
    fn private_members_stay_private_when_a_public_one_becomes_private() {
        let mut members = Members::default();
        for (name, is_public) in [("a", true), ("b", false), ("a", false)] {
            members.set(name.into(), Value::Null, is_public);
        }
        assert_eq!((members.all().len(), members.public()), (2, &[][..]));
    }

    #[test]
    fn public_members_come_first_and_are_retained() {
        let mut members = Members::default();
        for (name, is_public) in [("a", true), ("b", false), ("c", true), ("a", false), ("b", true), ("c", true)] {
            members.set(name.into(), Value::from(name), is_public);
        }
        let names =
            |members: &[(Cow<'static, str>, Value)]| members.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(members.all()), names(members.public())),
            (vec!["c".into(), "b".into(), "a".into()], vec!["c".into(), "b".into()])
        );
        let mut outer = Members::default();
        for (name, is_public) in [("a", true), ("d", true), ("e", false)] {
            outer.set(name.into(), Value::from("outer"), is_public);
        }
        members.complete(&outer);
        members.retain_public();
        assert_eq!(names(members.all()), ["c", "b", "d"]);
    }
}
