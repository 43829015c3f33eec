import ky from "ky";

export const start = async () => ky.create({ hooks: { beforeRequest: [], afterResponse: [] } });
