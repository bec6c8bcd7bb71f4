//! What is done to what runs.
use super::simulation;
use crate::alive::Msg;
use crate::effect::Effect;
use crate::model::Model;

pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Inject(commands) => simulation::commands(model, commands),
    }
}
