//! Replays as this backend makes them: found by readers, made by the writer.

use super::*;
use crate::domain::ReplayState;
use crate::storage::sqlite::command::Command;
use crate::storage::sqlite::replays;

#[tokio::test]
async fn what_was_found_before_a_replay_was_cancelled_is_not_made_after_it() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500, 500, 500]).await;
    let replay = world.replay(filter(&webhook)).await;
    let found = replays::look(&world.bench.database(), replay.id, 10).unwrap().unwrap();
    world.store.cancel_replay(replay.id, time(400)).await.unwrap();
    let made = world.store.call(0, (found, time(500)), Command::AdvanceReplay).await.unwrap();
    let after = world.store.replay(world.tenant, replay.public_id).await.unwrap().unwrap();
    assert_eq!((made, after.created, after.state), (0, 0, ReplayState::Cancelled));
    assert_eq!((world.bench.pending(), world.store.backlog().of(world.tenant)), (0, 0));
    world.store.close().await;
}

#[tokio::test]
async fn replays_are_read_by_their_indexes() {
    let world = World::<Directory>::new().await;
    let sql = world.bench.database();
    for statement in [replays::CHOSEN, replays::COUNT_CHOSEN] {
        let plan = plan(&sql, statement);
        let range = "SEARCH delivery USING INDEX delivery_number (tenant=? AND number>? AND number<?)";
        assert!(plan.contains(range), "{plan}");
        assert!(plan.contains("SEARCH again USING INDEX delivery_resend (event=?)"), "{plan}");
        assert!(plan.contains("SEARCH again USING INDEX delivery_replayed (event=?)"), "{plan}");
        assert!(!plan.contains("SCAN delivery") && !plan.contains("TEMP B-TREE FOR ORDER BY"), "{plan}");
    }
    for statement in [replays::RUNNING, replays::FINISH, replays::WITHDRAW] {
        let plan = plan(&sql, statement);
        assert!(plan.contains("INDEX delivery_replay (replay=? AND state"), "{plan}");
        assert!(!plan.contains("SCAN delivery"), "{plan}");
    }
    world.store.close().await;
}
