// Vite 8 finds the module's file by itself; before it, `vite dev` loses it when it bundles what is installed.
export default { optimizeDeps: { exclude: ["tokenkeeper"] } };
