//! Tools: run once, in time, for the session that asked.
mod support;

use avaaz_tutor::{
    AgentState, EndReason, FaultKind, Input, Output, ProviderCommand, ProviderEvent, ReplyEnd,
    ToolCall,
};
use support::*;

fn call(id: &str, name: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: name.to_owned(),
        arguments: r#"{"patience":"patient"}"#.to_owned(),
    }
}

fn calls(world: &mut World, id: &str, name: &str) {
    world.provider(ProviderEvent::ToolCalled(call(id, name)));
}

fn returns(world: &mut World, id: &str, output: Result<&str, &str>) {
    world.give(Input::ToolReturned {
        call: id.into(),
        output: output.map(str::to_owned).map_err(str::to_owned),
    });
}

fn run(world: &World) -> Vec<&str> {
    world
        .outputs()
        .into_iter()
        .filter_map(|output| match output {
            Output::RunTool(call) => Some(call.id.as_ref()),
            _ => None,
        })
        .collect()
}

fn cancelled(world: &World) -> usize {
    world
        .outputs()
        .into_iter()
        .filter(|output| matches!(output, Output::CancelTool { .. }))
        .count()
}

fn results(world: &World) -> Vec<(&str, &str)> {
    world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            ProviderCommand::ToolResult { call, output, .. } => {
                Some((call.as_ref(), output.as_str()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn tools_are_offered_when_a_session_begins() {
    let mut world = World::new(bridge_setup());
    world.joins();
    let names: Vec<_> = world.opened()[0]
        .1
        .tools
        .iter()
        .map(|tool| tool.name.clone())
        .collect();
    assert_eq!(names, ["end_conversation", "set_patience"]);
}

#[test]
fn a_call_is_run_and_its_result_told() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    assert_eq!(run(&world), ["c1"]);
    assert_eq!(world.states().last(), Some(&AgentState::Thinking));
    world.run(secs(1));
    returns(&mut world, "c1", Ok(r#"{"ok":true}"#));
    assert_eq!(results(&world), [("c1", r#"{"ok":true}"#)]);
}

#[test]
fn a_tool_that_fails_is_an_error_result_that_is_json_whatever_the_words() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    returns(&mut world, "c1", Err("no \"such\" \\ word\n"));
    assert_eq!(results(&world), [("c1", r#"{"error":"no such  word"}"#)]);
}

#[test]
fn a_slow_tool_gives_an_error_in_time_and_its_late_result_counts_for_nothing() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    world.run(secs(5));
    assert_eq!(results(&world), [("c1", r#"{"error":"it took too long"}"#)]);
    assert_eq!(cancelled(&world), 1);
    returns(&mut world, "c1", Ok("{}"));
    assert_eq!(results(&world).len(), 1);
}

#[test]
fn a_call_that_is_told_twice_is_run_once_and_answered_once() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    calls(&mut world, "c1", "set_patience");
    returns(&mut world, "c1", Ok("{}"));
    calls(&mut world, "c1", "set_patience");
    assert_eq!(run(&world), ["c1"]);
    assert_eq!(results(&world), [("c1", "{}")]);
}

#[test]
fn a_session_that_goes_on_with_another_is_told_what_its_call_returned() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    returns(&mut world, "c1", Ok("{}"));
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    world.run(ms(100));
    world.ready();
    calls(&mut world, "c1", "set_patience");
    assert_eq!(run(&world), ["c1"]);
    assert_eq!(results(&world), [("c1", "{}"), ("c1", "{}")]);
}

#[test]
fn a_session_that_is_gone_gets_no_result() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    world.provider(ProviderEvent::Closed(fault(FaultKind::Broken)));
    assert_eq!(cancelled(&world), 1);
    world.run(ms(100));
    world.ready();
    returns(&mut world, "c1", Ok("{}"));
    assert!(results(&world).is_empty());
}

#[test]
fn a_turn_that_is_dropped_takes_its_calls_along() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    world.starts_speaking("i1");
    assert_eq!(cancelled(&world), 1);
    returns(&mut world, "c1", Ok("{}"));
    assert!(results(&world).is_empty());
}

#[test]
fn a_call_that_the_provider_takes_back_is_cancelled() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "set_patience");
    world.provider(ProviderEvent::ToolCancelled { call: "c1".into() });
    assert_eq!(cancelled(&world), 1);
    returns(&mut world, "c1", Ok("{}"));
    assert!(results(&world).is_empty());
}

#[test]
fn a_storm_of_calls_comes_to_rest() {
    let mut world = World::greeted();
    for n in 0..1000 {
        calls(&mut world, &format!("c{n}"), "set_patience");
        returns(&mut world, &format!("c{n}"), Ok("{}"));
    }
    assert_eq!(run(&world).len(), 8);
    assert_eq!(results(&world).len(), 12);
    world.log.clear();
    world.learner_says("i1", "Hello");
    calls(&mut world, "later", "set_patience");
    assert_eq!(run(&world), ["later"]);
}

#[test]
fn a_tool_that_does_not_exist_is_an_error_result() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "rm_rf");
    assert!(run(&world).is_empty());
    assert_eq!(
        results(&world),
        [("c1", r#"{"error":"there is no such tool"}"#)]
    );
}

#[test]
fn the_tutor_ends_the_conversation_when_its_goodbye_was_heard() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "end_conversation");
    assert_eq!(results(&world).len(), 1);
    // The reply that made the call had no sound.
    world.ends("response-1", ReplyEnd::Complete);
    world.run(ms(500));
    assert!(!world.bridge.is_over());
    world.says("bye", &["Goodbye,", " Ada!"], 500);
    world.run(ms(800));
    assert!(!world.bridge.is_over());
    world.run(secs(1));
    assert!(world.has(&Output::End(EndReason::TutorEnded)));
    assert_eq!(world.turns().last().unwrap().text, "Goodbye, Ada!");
}

#[test]
fn a_learner_who_speaks_into_the_goodbye_keeps_the_conversation() {
    let mut world = World::greeted();
    calls(&mut world, "c1", "end_conversation");
    world.says("bye", &["Goodbye,", " Ada!"], 500);
    world.run(ms(300));
    world.learner_says("i1", "Wait, one more thing!");
    world.says("r2", &["Yes?"], 500);
    world.run(secs(30));
    assert!(!world.bridge.is_over());
}
