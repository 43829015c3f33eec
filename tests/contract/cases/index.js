// All cases.
import "./session.js";
import "./login.js";
import "./tokens.js";
import "./fetch.js";
import "./events.js";
import "./servers.js";
import "./oauth.js";
import "./storage.js";
import "./options.js";
import "./decode.js";
