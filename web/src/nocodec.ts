/** In the place of codecs for zarr, which NiiVue would bundle and this page never reads. */

export default null
