// Run a Python file on Pyodide: node run.mjs FILE FOLDER...
// The folders go on sys.path, the first one first. Ends with status 1 and a traceback where the file raises.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [file, ...folders] = process.argv.slice(2);
const pyodide = await loadPyodide();
const paths = folders.map((folder, index) => {
  pyodide.mountNodeFS(`/folder${index}`, folder);
  return `/folder${index}`;
});
pyodide.globals.set("paths", pyodide.toPy(paths));
pyodide.runPython("import sys; sys.path[:0] = paths; sys.dont_write_bytecode = True");
try {
  await pyodide.runPythonAsync(readFileSync(file, "utf8"), { filename: file });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
process.exit(0);
