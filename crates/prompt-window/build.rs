//! Compiles the window's description.

fn main() -> Result<(), slint_build::CompileError> {
    slint_build::compile("ui/window.slint")
}
