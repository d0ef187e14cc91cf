/*
 * S3's REST door, as far as job workers need it: the artifacts of one job, read and written with the
 * artifactCredentials that PollForJobs gave out. An object is one of the job's artifacts under the bucket and key that
 * it was told; there is nothing else, and no listing. Path style (/BUCKET/KEY) and virtual-host style (BUCKET.host).
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
#ifndef SERVER_API_S3_S3_H
#define SERVER_API_S3_S3_H

#include "server/http/http.h"

#define S3_DOCUMENT_MAX (2 * 1024 * 1024) /* the list of an upload's parts: 10,000 at most */

/* Requests that were signed for service s3. */
bool s3_wants(const struct request *request);
/* Refusals as S3's XML. */
void s3_refuse(const struct request *request, struct reply *reply, int status, const struct err *err);

http_handler s3_get;    /* GetObject, HeadObject */
http_handler s3_put;    /* PutObject, UploadPart */
http_handler s3_post;   /* CreateMultipartUpload, CompleteMultipartUpload */
http_handler s3_delete; /* AbortMultipartUpload */

#endif
