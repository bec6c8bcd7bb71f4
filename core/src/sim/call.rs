//! Calls under way, in a slab: a request is a call from a client, and each call of a node to another is one.
use crate::component::resilience::Pass;
use crate::id::{EdgeIndex, NodeIndex};
use crate::run::Outcome;
use crate::time::{Span, Time};

/// A place in the slab.
pub(crate) type Slot = u32;

/// Stands for "no call".
pub(crate) const NO_CALL: Slot = u32::MAX;

/// So many calls are more than the nearest cache of today's processors holds, and then some.
const NEAR: usize = 1_024;

/// Stands for "no balancer gave it to a target".
pub(crate) const NO_TARGET: u16 = u16::MAX;

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Read,
    Write,
    /// Fetch a file.
    Static,
    /// Do some work, perhaps later.
    Job,
    /// Put a value that was just read, or written, into a cache.
    Fill,
    /// Forget a value that was just written.
    Delete,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On its way to the node.
    Sent,
    /// In the node's queue.
    Queued,
    /// Being worked on: a `Finish` is scheduled.
    Working,
    /// On a processor that is shared.
    OnCpu,
    /// Waiting for calls of its own.
    Calling,
    /// Waiting for what another call fetches.
    Parked,
    /// On its way back: an `Answer` is scheduled.
    Answered,
    /// Of a call with a policy: its callee's address is being looked up.
    Resolving,
    /// Of a call whose callee's name could not be looked up: it is over, which its caller learns by a `Retry` that is scheduled.
    Unresolved,
    /// Of a call with a policy: waiting for a connection.
    Pooling,
    /// Of a call with a policy: attempts are under way.
    Trying,
    /// Of a call with a policy: a `Retry` is scheduled.
    Backoff,
    /// Of a call with a policy: it is over, which its caller learns by a `Retry` that is scheduled.
    Lost,
}

impl Stage {
    /// Whether the call is one with a policy, whose attempts are calls of their own.
    pub(crate) const fn is_of_a_policy(self) -> bool {
        matches!(self, Self::Resolving | Self::Pooling | Self::Trying | Self::Backoff | Self::Lost)
    }
}

/// Who asks for what: the same for a request and every call that is made for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) class: u16,
    pub(crate) user: u32,
    pub(crate) key: u64,
    /// When nobody waits for it any more.
    pub(crate) deadline: Time,
    /// Its hops are written down.
    pub(crate) traced: bool,
}

/// A call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The call that it is part of; `NO_CALL` for a client's request and for what nobody waits for.
    pub(crate) parent: Slot,
    /// The parent's generation: another means that it has ended. A client's request has no parent, and has the lower half of
    /// its number here.
    pub(crate) parent_generation: u32,
    /// Rises whenever the slot is used again.
    pub(crate) generation: u32,
    /// Who is called.
    pub(crate) node: NodeIndex,
    /// Which of its instances.
    pub(crate) instance: u16,
    /// By which edge.
    pub(crate) edge: EdgeIndex,
    /// The source that waits for it, counted from one; zero when it is no client's request.
    pub(crate) source: u16,
    /// Where its deadline stands in that source's line.
    pub(crate) deadline_place: u32,
    /// The target of its caller that it was given to, where that is a balancer.
    pub(crate) target: u16,
    /// Which instance of the caller's node sent it.
    pub(crate) caller: u16,
    /// How often that instance, where it is a balancer's, had been started.
    pub(crate) epoch: u16,
    /// What a circuit breaker wants to have back.
    pub(crate) pass: Option<Pass>,
    /// How far the node's own program has come.
    pub(crate) step: u16,
    /// Calls of its own that are open: at a hundred for each of twenty thousand edges, more than 16 bits can count.
    pub(crate) open: u32,
    /// Calls of this step that are still to be made, one after the other; attempts that were made.
    pub(crate) left: u16,
    pub(crate) ask: Ask,
    pub(crate) stage: Stage,
    pub(crate) outcome: Outcome,
    /// A cache had it.
    pub(crate) hit: bool,
    /// A call of its own, which it cannot do without, was lost.
    pub(crate) lost: bool,
    /// Its instance died and its caller has been told: it is kept only until its event comes.
    pub(crate) orphan: bool,
    /// Whoever waited waits no longer; it has been counted already.
    pub(crate) given_up: bool,
    /// A concurrency limit has let it in and waits for its end.
    pub(crate) limited: bool,
    /// Its instance was chosen by the caller and stays.
    pub(crate) pinned: bool,
    pub(crate) origin: Origin,
    /// When its caller sent it.
    pub(crate) sent: Time,
    /// When it reached the node.
    pub(crate) queued: Time,
    /// How long it waited for a worker, or will have.
    pub(crate) wait: Span,
    /// When its answer leaves the node, where that is known already.
    pub(crate) leaves: Time,
}

impl Call {
    /// A call that nobody has sent yet, to the first instance of a node.
    #[inline(always)]
    pub(crate) const fn new(node: NodeIndex, edge: EdgeIndex, ask: Ask, origin: Origin) -> Self {
        Self {
            parent: NO_CALL,
            parent_generation: 0,
            generation: 0,
            node,
            instance: 0,
            edge,
            source: 0,
            deadline_place: 0,
            target: NO_TARGET,
            caller: 0,
            epoch: 0,
            pass: None,
            step: 0,
            open: 0,
            left: 0,
            ask,
            stage: Stage::Sent,
            outcome: Outcome::Ok,
            hit: false,
            lost: false,
            orphan: false,
            given_up: false,
            limited: false,
            pinned: false,
            origin,
            sent: Time::ZERO,
            queued: Time::ZERO,
            wait: Span::ZERO,
            leaves: Time::NEVER,
        }
    }

    /// What stands in a slot before its first use.
    const NONE: Self = Self::new(
        NodeIndex(0),
        EdgeIndex(0),
        Ask::Read,
        Origin { class: 0, user: 0, key: 0, deadline: Time::NEVER, traced: false },
    );
}

/// All calls under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    slots: Vec<Call>,
    free: Vec<Slot>,
}

impl Calls {
    /// Takes a slot for `call`. Always inlined, and from one place: so each field is written where it will stay, where a copy
    /// would have to wait for what was written just before.
    #[inline(always)]
    pub(crate) fn add(&mut self, call: Call) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| self.widen());
        let place = &mut self.slots[slot as usize];
        *place = Call { generation: place.generation.wrapping_add(1), ..call };
        slot
    }

    /// One more slot.
    #[cold]
    #[inline(never)]
    fn widen(&mut self) -> Slot {
        self.slots.push(Call::NONE);
        (self.slots.len() - 1) as Slot
    }

    /// Gives a slot back. Its content stays readable until it is used again.
    pub(crate) fn remove(&mut self, slot: Slot) {
        let call = &mut self.slots[slot as usize];
        call.generation = call.generation.wrapping_add(1);
        self.free.push(slot);
    }

    /// Whether the call that had this slot and generation is still under way.
    pub(crate) fn is_open(&self, slot: Slot, generation: u32) -> bool {
        slot != NO_CALL && self.slots[slot as usize].generation == generation
    }

    /// Whether there are more calls than the nearer memory of a processor holds.
    #[inline]
    pub(crate) const fn are_many(&self) -> bool {
        self.slots.len() > NEAR
    }

    /// Reads something at both ends of a call and between them, and so has all of it brought near; what it was is of no use.
    #[inline]
    pub(crate) fn touch(&self, slot: Slot) -> u64 {
        let Some(call) = self.slots.get(slot as usize) else { return 0 };
        call.origin.key ^ call.leaves.0 ^ u64::from(call.generation ^ call.parent) ^ u64::from(call.pinned)
    }

    /// How many bytes the slab takes.
    pub(crate) const fn size(&self) -> usize {
        self.slots.capacity() * size_of::<Call>() + self.free.capacity() * size_of::<Slot>()
    }

    /// How many calls are under way.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The slots of the calls that `wanted` accepts, in order. O(all).
    pub(crate) fn find(&self, wanted: impl Fn(&Call) -> bool) -> Vec<Slot> {
        let mut used = vec![true; self.slots.len()];
        self.free.iter().for_each(|&slot| used[slot as usize] = false);
        (0..self.slots.len()).filter(|&i| used[i] && wanted(&self.slots[i])).map(|i| i as Slot).collect()
    }
}

impl std::ops::Index<Slot> for Calls {
    type Output = Call;
    fn index(&self, slot: Slot) -> &Call {
        &self.slots[slot as usize]
    }
}

impl std::ops::IndexMut<Slot> for Calls {
    fn index_mut(&mut self, slot: Slot) -> &mut Call {
        &mut self.slots[slot as usize]
    }
}
