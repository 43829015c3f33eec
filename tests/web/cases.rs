//! The macro that makes a test of every case.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "/target/web/suite.js")]
extern "C" {
    /// Runs one case of a file; rejects when it fails.
    #[wasm_bindgen(catch)]
    pub async fn run(file: &str, case: &str) -> Result<(), JsValue>;

    /// The cases in a file.
    pub fn names(file: &str) -> Vec<String>;
}

/// Tests from the cases in tests/web/FILE.js. They are named here once more, since a test has to
/// be an export of the module; one test sees to it that none was forgotten.
#[macro_export]
macro_rules! cases {
    ($($file:ident: $($case:ident)*;)*) => {
        use wasm_bindgen_test::wasm_bindgen_test;

        // The module's own exports are wanted, `Keeper` above all.
        use tokenkeeper as _;

        $($(
            #[wasm_bindgen_test]
            async fn $case() -> Result<(), wasm_bindgen::JsValue> {
                cases::run(stringify!($file), stringify!($case)).await
            }
        )*)*

        #[wasm_bindgen_test]
        fn every_case_is_a_test() {
            $(
                let tests: &[&str] = &[$(stringify!($case)),*];
                assert_eq!(cases::names(stringify!($file)), tests);
            )*
        }
    };
}
