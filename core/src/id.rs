//! Small numbers that must not be mistaken for one another: places in a checked plan.

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u16);

        impl $name {
            /// The place in the plan's list.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// A node of a plan, numbered in the order of the document.
    NodeIndex
}
index! {
    /// An edge of a plan, numbered in the order of the document.
    EdgeIndex
}
index! {
    /// A class of requests, numbered in the order of the document.
    ClassIndex
}

/// One instance of a node, as people write it: `web#3`, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceIndex {
    /// The node.
    pub node: NodeIndex,
    /// Which of its instances, counted from zero.
    pub instance: u16,
}
