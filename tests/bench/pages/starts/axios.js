import axios from "axios";

export async function start() {
  const client = axios.create();
  client.interceptors.request.use((config) => config);
  return client;
}
