//! Which messages RabbitMQ has confirmed: it numbers those of a channel, and confirms one or all up to one.
use super::Published;
use amqprs::callbacks::ChannelCallback;
use amqprs::channel::Channel;
use amqprs::error::Error;
use amqprs::{Ack, BasicProperties, Cancel, CloseChannel, Nack, Return};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Who waits for the confirmation of which message.
#[derive(Default)]
pub(super) struct Confirms {
    published: u64,
    waiting: BTreeMap<u64, oneshot::Sender<Published>>,
}

impl Confirms {
    /// The next message that is published is waited for.
    pub(super) fn expect(&mut self) -> oneshot::Receiver<Published> {
        let (waits, confirmed) = oneshot::channel();
        self.published += 1;
        self.waiting.insert(self.published, waits);
        confirmed
    }

    fn confirm(&mut self, tag: u64, and_all_before: bool, how: Published) {
        let later = self.waiting.split_off(&(tag + 1));
        let own = self.waiting.remove(&tag);
        let before = std::mem::replace(&mut self.waiting, later);
        let confirmed = if and_all_before {
            before
        } else {
            self.waiting.extend(before);
            BTreeMap::new()
        };
        for waits in confirmed.into_values().chain(own) {
            // Who has given up need not know.
            let _ = waits.send(how);
        }
    }
}

/// Hears what is confirmed.
pub(super) struct Ear(pub(super) Arc<Mutex<Confirms>>);

impl Ear {
    fn confirm(&self, tag: u64, and_all_before: bool, how: Published) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).confirm(tag, and_all_before, how);
    }
}

#[async_trait]
impl ChannelCallback for Ear {
    async fn close(&mut self, _: &Channel, _: CloseChannel) -> Result<(), Error> {
        Ok(())
    }

    async fn cancel(&mut self, _: &Channel, _: Cancel) -> Result<(), Error> {
        Ok(())
    }

    async fn flow(&mut self, _: &Channel, active: bool) -> Result<bool, Error> {
        Ok(active)
    }

    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        self.confirm(ack.delivery_tag(), ack.mutiple(), Published::Kept);
    }

    async fn publish_nack(&mut self, _: &Channel, nack: Nack) {
        self.confirm(nack.delivery_tag(), nack.multiple(), Published::Full);
    }

    async fn publish_return(&mut self, _: &Channel, _: Return, _: BasicProperties, _: Vec<u8>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_may_be_of_one_or_of_all_before() {
        let mut confirms = Confirms::default();
        let mut waits: Vec<_> = (1..=4).map(|_| confirms.expect()).collect();
        confirms.confirm(2, false, Published::Full);
        confirms.confirm(3, true, Published::Kept);
        let told: Vec<_> = waits.iter_mut().map(|one| one.try_recv().ok()).collect();
        assert_eq!(told, [Some(Published::Kept), Some(Published::Full), Some(Published::Kept), None]);
    }
}
