//! Which parameters are listed: those that matter now, by section; or those that are searched for.
use crate::edit::Bag;
use loadpath_core::order;
use loadpath_core::topology::catalog::{Param, Section};
use loadpath_core::topology::{Fault, Params, Topology};

/// A parameter of one bag, or of several that have it in common.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its row.
    pub param: &'static Param,
    /// What is written; none where the default holds, or where the bags differ.
    pub value: Option<String>,
    /// Whether the bags differ.
    pub is_mixed: bool,
    /// What is wrong with it.
    pub fault: Option<String>,
    /// Whether it has an effect, in one of the bags at least.
    pub applies: bool,
}

impl PartialEq for Listed {
    /// A row of the catalog is the same when it is the same row.
    fn eq(&self, other: &Self) -> bool {
        let told = |row: &Self| (row.is_mixed, row.applies);
        std::ptr::eq(self.param, other.param)
            && told(self) == told(other)
            && self.value == other.value
            && self.fault == other.fault
    }
}

impl Listed {
    /// Whether something other than the default is written.
    pub fn is_changed(&self) -> bool {
        self.value.is_some() || self.is_mixed
    }

    /// Whether each word is in its name, its title or its meaning.
    fn is_about(&self, words: &str) -> bool {
        let Param { name, title, about, .. } = self.param;
        let text = format!("{name} {title} {about}").to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// The rows that all bags have, by name and form.
pub fn shared_rows(document: &Topology, bags: &[Bag]) -> Vec<&'static Param> {
    let Some((first, others)) = bags.split_first() else { return Vec::new() };
    let has = |bag: &Bag, row: &Param| {
        bag.rows(document).iter().any(|other| other.name == row.name && other.form == row.form)
    };
    let rows = first.rows(document).iter();
    rows.filter(|row| others.iter().all(|bag| has(bag, row))).collect()
}

/// All parameters that the bags have in common, in the catalog's order.
pub fn listed(document: &Topology, bags: &[Bag], faults: &[Fault]) -> Vec<Listed> {
    let written: Vec<(&Bag, &Params)> =
        bags.iter().filter_map(|bag| Some((bag, bag.params(document)?))).collect();
    let list = |param: &'static Param| {
        let mut values = written.iter().map(|(_, params)| params.get(param.name).map(ToString::to_string));
        let first = values.next().flatten();
        let is_mixed = values.any(|value| value != first);
        let applies = written.iter().any(|(bag, params)| param.applies(bag.rows(document), params));
        Listed {
            param,
            value: first.filter(|_| !is_mixed),
            is_mixed,
            fault: bags.iter().find_map(|bag| fault(faults, bag, param.name)),
            applies,
        }
    };
    shared_rows(document, bags).into_iter().map(list).collect()
}

/// The sentence of the fault of a parameter.
fn fault(faults: &[Fault], bag: &Bag, name: &str) -> Option<String> {
    let place = bag.place();
    let here = faults.iter().find(|fault| fault.place == place && fault.field.as_deref() == Some(name));
    here.map(|fault| fault.what.clone())
}

/// By section, in the sections' order. What has no effect is left out, unless it is written or faulty.
pub fn by_section(listed: Vec<Listed>) -> Vec<(Section, Vec<Listed>)> {
    let mut sections: Vec<(Section, Vec<Listed>)> = Vec::new();
    for row in listed.into_iter().filter(|row| row.applies || row.is_changed() || row.fault.is_some()) {
        match sections.iter_mut().find(|(section, _)| *section == row.param.section) {
            Some((_, rows)) => rows.push(row),
            None => sections.push((row.param.section, vec![row])),
        }
    }
    order::sort_by_key(&mut sections, |(section, _)| *section);
    sections
}

/// What is searched for, also where it has no effect now.
pub fn found(listed: Vec<Listed>, search: &str) -> Vec<Listed> {
    listed.into_iter().filter(|row| row.is_about(search)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit;
    use loadpath_core::topology::{check, three_tier};

    fn place(document: &Topology, id: &str) -> Bag {
        Bag::Node(document.nodes.iter().position(|node| node.id == id).unwrap())
    }

    fn names(rows: &[Listed]) -> Vec<&'static str> {
        rows.iter().map(|row| row.param.name).collect()
    }

    #[test]
    fn replication_is_shown_once_there_is_a_replica_and_as_long_as_it_is_written() {
        let mut document = three_tier();
        let db = place(&document, "db");
        let sections = |document: &Topology| by_section(listed(document, std::slice::from_ref(&db), &[]));
        let has = |document: &Topology| {
            sections(document).iter().any(|(section, _)| *section == Section::Replication)
        };
        assert!(!has(&document));
        edit::set(&mut document, &db, "replicas", Some(2.0.into()));
        edit::set(&mut document, &db, "replication", Some("sync".into()));
        assert!(has(&document));
        edit::set(&mut document, &db, "replicas", None);
        let left = sections(&document);
        let (_, rows) = left.iter().find(|(section, _)| *section == Section::Replication).unwrap();
        assert_eq!(names(rows), ["replication"], "it is written, and can be taken back");
        assert!(!rows[0].applies);
    }

    #[test]
    fn essential_rows_come_first_and_every_row_is_in_one_section() {
        let document = three_tier();
        let web = place(&document, "web");
        let all = listed(&document, std::slice::from_ref(&web), &[]);
        let sections = by_section(all.clone());
        assert_eq!(sections[0].0, Section::Essential);
        let applying = all.iter().filter(|row| row.applies).count();
        assert_eq!(sections.iter().map(|(_, rows)| rows.len()).sum::<usize>(), applying);
    }

    #[test]
    fn nodes_of_two_kinds_share_the_rows_of_both_and_say_where_they_differ() {
        let document = three_tier();
        let bags = [place(&document, "web"), place(&document, "cache")];
        let rows = listed(&document, &bags, &[]);
        assert!(names(&rows).contains(&"instances") && !names(&rows).contains(&"capacity"));
        let instances = rows.iter().find(|row| row.param.name == "instances").unwrap();
        assert!(instances.is_mixed && instances.value.is_none(), "{instances:?}");
    }

    #[test]
    fn a_search_finds_by_title_and_by_meaning() {
        let document = three_tier();
        let web = [place(&document, "web")];
        let find = |words: &str| names(&found(listed(&document, &web, &[]), words));
        assert_eq!(find("cooldown"), ["cooldown"], "though it has no effect now");
        assert_eq!(find("Important Refused"), ["shedding"]);
    }

    #[test]
    fn a_fault_is_found_in_any_of_the_bags() {
        let mut document = three_tier();
        let bags = [place(&document, "web"), place(&document, "cache")];
        edit::set(&mut document, &bags[1], "instances", Some("many".into()));
        let faults = check(&document).unwrap_err();
        let rows = listed(&document, &bags, &faults);
        let told = rows.iter().find(|row| row.param.name == "instances").unwrap();
        assert!(told.fault.as_deref().is_some_and(|fault| fault.contains("is not a number")));
    }
}
