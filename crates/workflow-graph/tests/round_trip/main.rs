//! Whatever a graph holds, reading what was written gives the same graph, in every form and in both syntaxes.

mod generate;
mod steps;

use conductor_workflow_graph::{
    Graph, Imported, Limits, Names, import, import_value, to_canvas, to_conductor, to_hybrid, to_yaml,
};
use proptest::prelude::*;
use serde_json::Value;

fn same(form: &str, imported: &Imported, graph: &Graph, document: &Value) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        imported.graph.as_ref(),
        Some(graph),
        "as {}: {:#?}\n{:#}",
        form,
        imported.problems,
        document
    );
    // Objects are equal in any order; documents keep theirs.
    let again = imported.graph.as_ref().map(serde_json::to_string).transpose().unwrap();
    prop_assert_eq!(again, Some(serde_json::to_string(graph).unwrap()), "as {}", form);
    Ok(())
}

proptest! {
    #[test]
    fn conductor_form(graph in generate::graph()) {
        let document = to_conductor(&graph);
        same("conductor", &import_value(&document, &Limits::default(), &Names::any()), &graph, &document)?;
    }

    #[test]
    fn canvas_form(graph in generate::graph()) {
        let document = to_canvas(&graph);
        same("canvas", &import_value(&document, &Limits::default(), &Names::any()), &graph, &document)?;
    }

    #[test]
    fn stored_form(graph in generate::graph()) {
        let stored = serde_json::to_string(&graph).unwrap();
        prop_assert_eq!(serde_json::from_str::<Graph>(&stored).unwrap(), graph);
    }

    #[test]
    fn as_yaml_and_as_json(graph in generate::graph()) {
        let document = to_conductor(&graph);
        let yaml = to_yaml(&document);
        let imported = import(&yaml, &Limits::default(), &Names::any());
        prop_assert_eq!(imported.graph.as_ref(), Some(&graph), "{:#?}\n{}", imported.problems, yaml);
        let json = document.to_string();
        same("JSON", &import(&json, &Limits::default(), &Names::any()), &graph, &document)?;
    }

    #[test]
    fn through_one_form_into_the_other(graph in generate::graph()) {
        let limits = Limits::default();
        let through = import_value(&to_canvas(&graph), &limits, &Names::any()).graph.unwrap();
        prop_assert_eq!(to_conductor(&through), to_conductor(&graph));
    }

    #[test]
    fn steps_form(document in steps::document()) {
        let limits = Limits::default();
        let imported = import_value(&document, &limits, &Names::any());
        let graph = imported.graph.unwrap_or_else(|| panic!("{:#?}\n{document:#}", imported.problems));
        let written = to_hybrid(&graph).unwrap_or_else(|error| panic!("{:#?}\n{document:#}", error.0));
        same("steps", &import_value(&written, &limits, &Names::any()), &graph, &written)?;
        let yaml = to_yaml(&written);
        same("YAML", &import(&yaml, &limits, &Names::any()), &graph, &written)?;
    }

    #[test]
    fn any_graph_is_said_in_steps_or_refused(graph in generate::graph()) {
        match to_hybrid(&graph) {
            Ok(written) => {
                let again = import_value(&written, &Limits::default(), &Names::any()).graph.unwrap();
                prop_assert_eq!(to_hybrid(&again).unwrap(), written);
            }
            Err(unsayable) => prop_assert!(!unsayable.0.is_empty()),
        }
    }
}
