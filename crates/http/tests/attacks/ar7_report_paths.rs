//! A-R7: a report that is written where the caller says (OpenChatBI CVE-2026-28795). Exports are answers; no route takes
//! a place, and none leaves a file.

use crate::{canary::files, world::World};

#[tokio::test]
async fn a_report_is_an_answer_and_never_a_file() {
    let (world, admin) = World::set_up().await;
    let audit = format!("/api/v1/orgs/{}/audit", admin.organization());
    let before = (world.rows(), files(world.data()));
    for path in [
        "../../ar7.csv",
        "/tmp/ar7.csv",
        "file:///tmp/ar7.csv",
        "..\\ar7.csv",
        "csv/../../ar7",
        "csv%00.html",
    ] {
        let quoted = path.replace('/', "%2f").replace('\\', "%5c");
        for report in ["export", "compliance"] {
            let format = world.get(&format!("{audit}/{report}?format={quoted}")).by(&admin).send().await;
            assert_eq!(format.status, 422, "{report} as {path}: {}", format.text());
            for parameter in ["path", "file", "filename", "output", "dest", "name"] {
                let address = format!("{audit}/{report}?{parameter}={quoted}");
                world.get(&address).by(&admin).send().await.problem(422, "unknown_field");
            }
        }
    }
    assert_eq!(files(world.data()), before.1, "a report left a file");
    assert!(!std::path::Path::new("/tmp/ar7.csv").exists());
    world.unchanged(&before.0, "a report");
    // Its name is the server's.
    let export = world.get(&format!("{audit}/export?format=csv")).by(&admin).send().await.status(200);
    let disposition = export.header("content-disposition");
    assert!(disposition.starts_with("attachment;") && !disposition.contains(".."), "{disposition}");
}
